"""Where the server listens: an address of its own, or a listening socket that it inherits.

systemd passes one by LISTEN_FDS and LISTEN_PID, from file descriptor 3 on
(https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html); gunicorn passes one to its own successor
by GUNICORN_FD.
"""

import errno
import os
import socket

from lockstep_serve.definition import Definition
from lockstep_serve.errors import Refusal

__all__ = ["address", "listener", "refuse_taken_port"]

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
    except OSError:
        return False


def address(definition: Definition) -> str:
    """The address listened on, whoever opened it; for the boot line."""
    descriptor = inherited_descriptor()
    if descriptor is None:
        return shown(definition.host, definition.port)
    with socket.socket(fileno=os.dup(descriptor)) as inherited:
        name = inherited.getsockname()
    return f"{shown(*name[:2])} (inherited)" if isinstance(name, tuple) else f"{name} (inherited)"


def shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listener(definition: Definition) -> socket.socket:
    """The bound socket; raises Refusal when the address cannot be used."""
    descriptor = inherited_descriptor()
    if descriptor is not None:
        return socket.socket(fileno=descriptor)
    bound = socket.socket(socket.AF_INET6 if ":" in definition.host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((definition.host, definition.port))
    except OSError as error:
        bound.close()
        raise unusable(definition, error) from error
    bound.set_inheritable(True)
    return bound


def unusable(definition: Definition, error: OSError) -> Refusal:
    """The port is taken or privileged; or the address is none of this machine's."""
    wrong = "port" if error.errno in {errno.EADDRINUSE, errno.EACCES} else "host"
    value = definition.values[wrong]
    return Refusal(
        f"{wrong.capitalize()} {value.value} cannot be used.",
        [(value.source, shown(definition.host, definition.port)), ("system", str(error.strerror or error))],
        "Stop what holds it, or choose another: `PORT=8001 …`."
        if wrong == "port"
        else f"Change {value.source.partition('=')[0]}.",
    )


def refuse_taken_port(definition: Definition) -> None:
    """Find out before the server retries and fails with a log of its own."""
    if inherited_descriptor() is None:
        listener(definition).close()
