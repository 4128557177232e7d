"""The id of the request being served, and the one line that it leaves in the log.

A logger builds a record for every line and asks every handler for it, which costs more than all else that surrounds a
request. So where the logger `access` has `Lines` as its handler, the line is put together here and written at once. With
any other handler it is an ordinary record, whose `extra` has the same members.
"""

import logging
import os
import re
from json.encoder import encode_basestring_ascii as quote
from random import Random
from typing import Any

from lockstep_serve import REQUEST_ID
from lockstep_serve.manager_log import timestamp

__all__ = ["HEADER", "Lines", "choose_id", "enter_request", "join_values", "log_request"]

HEADER = b"x-request-id"

# Narrow on purpose: what a client sends ends up in log lines and in headers of answers.
USABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = logging.getLogger("access")

_random = Random()
os.register_at_fork(after_in_child=_random.seed)  # else all workers of one manager would make the same ids
_bits = _random.getrandbits


class Lines(logging.StreamHandler[Any]):
    """Writes finished lines, each by one call; records as every handler does."""

    def write_line(self, line: str) -> None:
        """A line with its end; a stream that fails is reported as for a record."""
        try:
            with self.lock:  # type: ignore[union-attr]  # made by logging
                self.stream.write(line)
                self.stream.flush()
        except (OSError, ValueError):
            self.handleError(log.makeRecord("access", logging.INFO, "", 0, line, (), None))


def join_values(scope: Any) -> str:
    """What the X-Request-ID of an ASGI scope says; two of them are joined, which makes them unusable."""
    return b",".join(value for name, value in scope["headers"] if name == HEADER).decode("latin-1")


def choose_id(said: str | None) -> str:
    """The id for a request whose X-Request-ID said this: the client's when it is usable, else 32 hexadecimal digits."""
    return said if said is not None and USABLE.fullmatch(said) else f"{_bits(128):032x}"


def enter_request(said: str | None) -> str:
    """The same, and from now on it is the current one."""
    identity = choose_id(said)
    REQUEST_ID.set(identity)
    return identity


def log_request(method: str, path: str, status: int, seconds: float, identity: str, ended_by: str = "") -> None:
    """The line of a request that took so long. The query is left out: it is where tokens and personal data travel.

    `ended_by` is "client" or "server" where the answer did not reach its end.
    """
    if not log.isEnabledFor(logging.INFO):
        return
    handlers = log.handlers
    if handlers and isinstance(handlers[0], Lines):
        end = f', "ended_by": "{ended_by}"}}\n' if ended_by else "}\n"
        handlers[0].write_line(
            f'{{"timestamp": "{timestamp()}", "level": "INFO", "logger": "access", '
            f'"message": {quote(f"{method} {path} {status}".strip())}, "method": {quote(method)}, "path": {quote(path)}, '
            f'"status": {status}, "duration_ms": {seconds * 1000:.1f}, "request_id": "{identity}"{end}'
        )
        return
    facts = {"method": method, "path": path, "status": status, "duration_ms": round(seconds * 1000, 1)}
    more = {"ended_by": ended_by} if ended_by else {}
    log.info(f"{method} {path} {status}".strip(), extra=facts | more | {"request_id": identity})
