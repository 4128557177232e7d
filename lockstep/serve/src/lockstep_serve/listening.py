"""Where the server listens: an address of its own, or a socket that was handed over.

systemd hands over by LISTEN_FDS and LISTEN_PID, from file descriptor 3 on
(https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html); gunicorn hands over to its own successor
by GUNICORN_FD.
"""

import os
import socket

from lockstep_serve.definition import Definition
from lockstep_serve.errors import Refusal

__all__ = ["address", "listener", "refuse_taken_port"]

FIRST = 3


def handed_over() -> int | None:
    """The file descriptor of a socket that was handed to this process, or None; raises Refusal for several."""
    if os.environ.get("GUNICORN_FD"):
        return int(os.environ["GUNICORN_FD"].split(",")[0])
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    if os.environ.get("LISTEN_FDS") != "1":
        raise Refusal(
            "The service takes one listening socket.",
            [("LISTEN_FDS", os.environ.get("LISTEN_FDS", "not set"))],
            "Hand over one, for instance by one `ListenStream=` in the socket unit.",
        )
    return FIRST


def address(definition: Definition) -> str:
    """What the boot line says: the address listened on, whoever opened it."""
    descriptor = handed_over()
    if descriptor is None:
        return shown(definition.host, definition.port)
    with socket.socket(fileno=os.dup(descriptor)) as taken:
        name = taken.getsockname()
    return f"{shown(*name[:2])} (handed over)" if isinstance(name, tuple) else f"{name} (handed over)"


def shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listener(definition: Definition) -> socket.socket:
    """The bound socket; raises Refusal when the address cannot be used."""
    descriptor = handed_over()
    if descriptor is not None:
        return socket.socket(fileno=descriptor)
    bound = socket.socket(socket.AF_INET6 if ":" in definition.host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((definition.host, definition.port))
    except OSError as error:
        bound.close()
        raise Refusal(
            f"Port {definition.port} cannot be used.",
            [
                (definition.values["port"].source, shown(definition.host, definition.port)),
                ("system", str(error.strerror or error)),
            ],
            "Stop what holds it, or choose another: `PORT=8001 …`.",
        ) from error
    bound.set_inheritable(True)
    return bound


def refuse_taken_port(definition: Definition) -> None:
    """Find out before the server retries and fails with a log of its own."""
    if handed_over() is None:
        listener(definition).close()
