"""What gunicorn's workers for WSGI share: the worker's life around its requests, answers that do not name the server and are
problem documents where the server itself refuses, and what is known of clients that wait.
"""

import contextlib
import re
import signal
import socket
from types import FrameType
from typing import Any

from gunicorn import util  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.http.wsgi import Response  # type: ignore[import-untyped]  # the same

from lockstep_serve import REQUEST_ID, begin_ending, request_id
from lockstep_serve.access import enter_request
from lockstep_serve.application import in_force
from lockstep_serve.definition import Definition
from lockstep_serve.problems import STOPPED, refuse_unread, warn_of_stop
from lockstep_serve.worker_life import enter_worker, leave_worker

__all__ = ["LIFE", "Name", "has_something", "heartbeat", "peek_head", "refuse_stopped"]

SAID = re.compile(r"^x-request-id:[ \t]*(\S*)[ \t\r]*$", re.IGNORECASE | re.MULTILINE)


def heartbeat(definition: Definition) -> dict[str, Any]:
    """For workers that beat once a second whatever their requests do: sooner, gunicorn would kill those that live."""
    return {"timeout": max(definition.request_timeout, 5)}


def post_worker_init(worker: Any) -> None:
    def handle_exit(number: int, frame: FrameType | None) -> None:
        begin_ending()
        worker.handle_exit(number, frame)

    enter_worker()
    signal.signal(signal.SIGTERM, handle_exit)  # from here on it has something to finish
    worker.cfg.set("graceful_timeout", in_force().patience)  # this process's own copy; the manager's is longer


def worker_exit(_: Any, __: Any) -> None:  # gunicorn counts the arguments
    leave_worker()


LIFE = {"post_worker_init": post_worker_init, "worker_exit": worker_exit}


class Name:
    """What a request is told of its listener, which may be closed by then."""

    def __init__(self, listener: socket.socket) -> None:
        self.name = listener.getsockname()

    def getsockname(self) -> Any:
        return self.name


def has_something(client: socket.socket) -> bool:
    """Whether there is something to read, the end included; nothing is taken."""
    try:
        client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:  # who reads meets it, and closes the connection
        return True
    return True


def peek_head(client: socket.socket) -> tuple[str, str, str | None]:
    """The method, the path and the X-Request-ID of what came, without taking it; empty where it cannot be seen."""
    try:
        method, target, rest = client.recv(4096, socket.MSG_PEEK | socket.MSG_DONTWAIT).decode("latin-1").split(" ", 2)
    except (OSError, ValueError):
        return "", "", None
    said = SAID.search(rest.partition("\r\n\r\n")[0])
    return method, target.partition("?")[0], said and said[1]


def refuse_stopped(client: socket.socket) -> None:
    """At the end of the drain: who has waited until now is not served any more."""
    method, path, said = peek_head(client)
    if not method:
        return  # it has left, or sends the head yet
    identity = enter_request(said)
    warn_of_stop(method, path)
    with contextlib.suppress(OSError):
        client.recv(1 << 16, socket.MSG_DONTWAIT)  # what is not read would reset the connection
        client.sendall(refuse_unread(503, method, path, identity, detail=STOPPED))


named_headers = Response.default_headers


def unnamed_headers(response: Any) -> list[str]:
    """Headers of an answer that do not name the server; gunicorn has no setting for that."""
    return [line for line in named_headers(response) if not line.startswith("Server:")]


def write_error(sock: Any, status: int, *_: Any) -> None:
    """What gunicorn answers to what it cannot read, and to what failed outside of the application's layer."""
    util.write_nonblock(sock, refuse_unread(status, identity=request_id()))
    REQUEST_ID.set(None)


Response.default_headers = unnamed_headers
util.write_error = write_error
