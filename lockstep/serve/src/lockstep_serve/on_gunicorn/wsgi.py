"""What gunicorn's workers for WSGI share: the worker's life around its requests, and answers that do not name the server and
are problem documents where the server itself refuses.
"""

import signal
from types import FrameType
from typing import Any

from gunicorn import util  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.http.wsgi import Response  # type: ignore[import-untyped]  # the same

from lockstep_serve import REQUEST_ID, begin_ending, request_id
from lockstep_serve.application import in_force
from lockstep_serve.definition import Definition
from lockstep_serve.problems import refuse_unread
from lockstep_serve.worker_life import enter_worker, leave_worker

__all__ = ["LIFE", "heartbeat"]


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
