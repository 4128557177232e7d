"""Where the server listens: an address or a socket file of its own, or a listening socket that it inherits.

systemd passes one by LISTEN_FDS and LISTEN_PID, from file descriptor 3 on
(https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html); gunicorn passes one to its own successor
by GUNICORN_FD.
"""

import contextlib
import errno
import os
import socket
from dataclasses import dataclass
from typing import Any

from lockstep_serve.definition import Definition
from lockstep_serve.errors import Refusal
from lockstep_serve.kinds import find_socket_file

__all__ = ["Listener", "open_listener"]

FIRST = 3


def inherited_descriptor() -> int | None:
    """The file descriptor of a socket that this process inherits, or None; raises Refusal for several, and for none where
    one is named.
    """
    if passed := os.environ.get("GUNICORN_FD"):
        descriptor = int(passed) if passed.isdecimal() else -1
        if is_listening(descriptor) and os.environ.get("GUNICORN_PID", "0").isdecimal():
            return descriptor
        stated = [(name, os.environ.get(name, "not set")) for name in ("GUNICORN_FD", "GUNICORN_PID")]
        raise Refusal("No socket of a predecessor is there.", stated, "Unset both: gunicorn sets them for its successor.")
    os.environ.pop("GUNICORN_FD", None)  # empty; gunicorn reads it all the same
    os.environ.pop("GUNICORN_PID", None)
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        os.environ.pop("LISTEN_FDS", None)  # for another process; gunicorn reads it all the same
        os.environ.pop("LISTEN_PID", None)
        return None
    if os.environ.get("LISTEN_FDS") != "1" or not is_listening(FIRST):
        raise Refusal(
            "The service takes one listening socket.",
            [("LISTEN_FDS", os.environ.get("LISTEN_FDS", "not set"))],
            "Pass one, for instance by one `ListenStream=` in the socket unit.",
        )
    return FIRST


def is_listening(descriptor: int) -> bool:
    try:
        with socket.socket(fileno=os.dup(descriptor)) as inherited:
            return bool(inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except (OSError, OverflowError):
        return False


@dataclass(frozen=True)
class Listener:
    """A bound socket, and whether somebody else opened it."""

    socket: socket.socket
    inherited: bool

    def address(self) -> str:
        """As text, for the boot line."""
        name = self.socket.getsockname()
        shown = join_address(*name[:2]) if isinstance(name, tuple) else f"unix:{name}"
        return f"{shown} (inherited)" if self.inherited else shown


def accept_waiting(listener: socket.socket, most: int) -> list[tuple[socket.socket, Any]]:
    """Who has connected and waits, and their addresses: with the last listener the kernel would reset them.

    From the descriptor `most` on, those that are left are for what runs.
    """
    listener.setblocking(False)
    waiting = list[tuple[socket.socket, Any]]()
    with contextlib.suppress(OSError):  # nobody waits any more, or no file descriptor is left
        while not waiting or waiting[-1][0].fileno() < most:
            waiting.append(listener.accept())
    return waiting


def join_address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def open_listener(definition: Definition) -> Listener:
    """The one socket of this server, before a server retries and fails with a log of its own; raises Refusal when the
    address cannot be used.
    """
    descriptor = inherited_descriptor()
    if descriptor is not None:
        return Listener(socket.socket(fileno=descriptor), inherited=True)
    host, file = definition.host, find_socket_file(definition.host)
    family = socket.AF_UNIX if file else socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if file:
            from lockstep_serve.socket_file import bind_file  # most servers listen on an address

            bind_file(bound, file)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, definition.port))
    except (OSError, LookupError) as error:  # of a group that there is not
        bound.close()
        raise unusable(definition, error, port=not file) from error
    bound.set_inheritable(True)
    return Listener(bound, inherited=False)


def unusable(definition: Definition, error: OSError | LookupError, *, port: bool) -> Refusal:
    """The port is taken or privileged; or the address is none of this machine's, the file none that can be made."""
    wrong = "port" if port and getattr(error, "errno", None) in {errno.EADDRINUSE, errno.EACCES} else "host"
    value = definition.values[wrong]
    stated = join_address(definition.host, definition.port) if port else definition.host
    return Refusal(
        f"{wrong.capitalize()} {value.value} cannot be used.",
        [(value.source, stated), ("system", str(getattr(error, "strerror", None) or error))],
        "Stop what holds it, or choose another: `PORT=8001 …`."
        if wrong == "port"
        else f"Change {value.source.partition('=')[0]}.",
    )
