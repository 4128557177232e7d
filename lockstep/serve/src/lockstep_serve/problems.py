"""Problem documents (RFC 9457): what this layer and the servers below it answer by themselves."""

import logging
import time
from http import HTTPStatus
from json import dumps

from lockstep_serve.access import choose_id, log_request

__all__ = ["APART", "HEALTH", "STOPPED", "document", "fields", "log_full", "refuse_unread", "warn_of_stop"]

HEALTH = "/health/"  # always let in: a process that is full is not one to restart
APART = (HEALTH, "/.lockstep/", "/metrics")  # not counted: they would be most of what an idle service does

STOPPED = "The service stopped before it could answer."

log = logging.getLogger("lockstep.gate")

# What clients may do about a status; of others, what the status means.
DETAILS = {
    400: "The request is not valid HTTP.",
    413: "The request's body is larger than this service takes.",
    414: "The request's path is longer than this service takes.",
    431: "The request's header fields are more or larger than this service takes.",
    500: "The service failed to answer; its log holds the reason under this request id.",
    503: "The service is at its limit; try again in a moment.",
}

# Header fields that say what a client may do.
ADVICE = {426: [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")], 503: [("Retry-After", "1")]}


def document(status: int, identity: str, detail: str = "") -> bytes:
    """The answer's body."""
    title = HTTPStatus(status).phrase
    detail = detail or DETAILS.get(status) or HTTPStatus(status).description or title
    return dumps({"type": "about:blank", "title": title, "status": status, "detail": detail, "request_id": identity}).encode()


def fields(status: int, body: bytes) -> list[tuple[str, str]]:
    """The answer's header fields, without the id."""
    known = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    return known + ADVICE.get(status, [])


def refuse_unread(
    status: int, method: str = "", path: str = "", said: str | None = None, *, identity: str | None = None, detail: str = ""
) -> bytes:
    """The whole answer to a request that the application does not see, logged; only what was read of it is known.

    `identity` is the id of one that the application has, and whose own line is still to come.
    """
    chosen = identity or choose_id(said)
    body = document(status, chosen, detail)
    head = [*fields(status, body), ("X-Request-ID", chosen), ("Connection", "close")]
    if not identity:
        log_request(method, path, status, 0.0, chosen)
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in head), "", ""]
    return "\r\n".join(lines).encode() + (b"" if method == "HEAD" else body)


_silent_until = 0.0


def log_full(in_flight: int, limit: str) -> None:
    """One line a second at most: who is overloaded does not want to write more."""
    global _silent_until  # one worker, one log
    if time.monotonic() >= _silent_until:
        _silent_until = time.monotonic() + 1
        log.warning("refusing requests: %d are in flight, the limit is %s", in_flight, limit)


def warn_of_stop(method: str, path: str) -> None:
    """Of each request that the server cuts; its access line says what its client got."""
    logging.getLogger("lockstep.requests").warning("%s %s was stopped by the server before its end", method, path)
