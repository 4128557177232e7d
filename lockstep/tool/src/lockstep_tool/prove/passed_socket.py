"""Open a listening socket and pass it on as systemd does: as descriptor 3, to the process that LISTEN_PID names.

That is the server's own number, which nobody knows before it is there; so a few lines run first, in the same process.
"""

import socket
from pathlib import Path

__all__ = ["open_listener", "passing_command"]

FIRST = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


def open_listener() -> socket.socket:
    """One on a free port of 127.0.0.1; whoever accepts, its queue is one."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    return listener


def passing_command(python: Path, descriptor: int, words: list[str]) -> list[str]:
    """What runs that interpreter with `words` and passes the descriptor on, which it must inherit."""
    return [str(python), "-I", "-S", "-c", FIRST, str(descriptor), *words]
