"""The answer to one request too many, for server models that must give it before the application sees the request."""

import logging
import time

__all__ = ["ANSWER", "HEALTH", "say_full"]

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


def say_full(in_hand: int, limit: str) -> None:
    """One line a second at most: who is overloaded does not want to write more."""
    global _silent_until  # one worker, one log
    if time.monotonic() >= _silent_until:
        _silent_until = time.monotonic() + 1
        log.warning("refusing requests: %d are in hand, the limit is %s", in_hand, limit)
