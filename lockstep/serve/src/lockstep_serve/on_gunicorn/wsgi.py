"""What gunicorn's workers for WSGI share: the worker's life around its requests, answers that do not name the server, and
the answer to one request too many, which must be given before the application sees the request.
"""

import logging
import signal
import time
from typing import Any

from gunicorn.http.wsgi import Response  # type: ignore[import-untyped]  # gunicorn has no types

from lockstep_serve.definition import Definition
from lockstep_serve.worker_life import enter_worker, leave_worker

__all__ = ["ANSWER", "HEALTH", "LIFE", "heartbeat", "log_full"]

log = logging.getLogger("lockstep.gate")

HEALTH = "/health/"  # always let in: a process that is full is not one to restart
BODY = (
    b'{"type": "about:blank", "title": "Service Unavailable", "status": 503,'
    b' "detail": "The service is at its limit; try again in a moment."}'
)
ANSWER = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: " + str(len(BODY)).encode() + b"\r\n\r\n" + BODY
)

_silent_until = 0.0


def log_full(in_flight: int, limit: str) -> None:
    """One line a second at most: who is overloaded does not want to write more."""
    global _silent_until  # one worker, one log
    if time.monotonic() >= _silent_until:
        _silent_until = time.monotonic() + 1
        log.warning("refusing requests: %d are in flight, the limit is %s", in_flight, limit)


def heartbeat(definition: Definition) -> dict[str, Any]:
    """For workers that beat once a second whatever their requests do: sooner, gunicorn would kill those that live."""
    return {"timeout": max(definition.request_timeout, 5)}


def post_worker_init(worker: Any) -> None:
    signal.signal(signal.SIGTERM, worker.handle_exit)  # from here on it has something to finish
    enter_worker()


def worker_exit(_: Any, __: Any) -> None:  # gunicorn counts the arguments
    leave_worker()


LIFE = {"post_worker_init": post_worker_init, "worker_exit": worker_exit}

named_headers = Response.default_headers


def unnamed_headers(response: Any) -> list[str]:
    """Headers of an answer that do not name the server; gunicorn has no setting for that."""
    return [line for line in named_headers(response) if not line.startswith("Server:")]


Response.default_headers = unnamed_headers
