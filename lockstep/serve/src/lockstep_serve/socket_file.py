"""Bind a socket to a file, which those may connect to who may write it."""

import errno
import os
import shutil
import socket
from pathlib import Path

from lockstep_serve.kinds import SocketFile

__all__ = ["bind_file"]


def bind_file(bound: socket.socket, file: SocketFile) -> None:
    """In place of a file that a server before left; nobody connects before mode and group are right."""
    if Path(file.path).is_socket() and not is_listened_on(file.path):
        os.unlink(file.path)
    before = os.umask(0o777)
    try:
        bound.bind(file.path)
    finally:
        os.umask(before)
    if file.group:
        shutil.chown(file.path, group=file.group)
    os.chmod(file.path, file.mode)


def is_listened_on(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)  # one that has too many clients already is one, too
        return client.connect_ex(path) != errno.ECONNREFUSED
