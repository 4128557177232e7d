"""The id of the request being served: taken from its X-Request-ID header when usable, else made."""

import re
from contextvars import ContextVar
from secrets import token_hex

__all__ = ["HEADER", "accept", "current"]

HEADER = "X-Request-ID"

current: ContextVar[str | None] = ContextVar("request_id", default=None)
"""None outside of a request. Tasks of asyncio inherit it; a thread that you start does not."""

# Narrow on purpose: what a client sends ends up in log lines and in headers of answers.
USABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def accept(candidate: str | None) -> str:
    """The id for a request whose header said `candidate`; from now on it is the current one."""
    chosen = candidate if candidate and USABLE.fullmatch(candidate) else token_hex(16)
    current.set(chosen)
    return chosen
