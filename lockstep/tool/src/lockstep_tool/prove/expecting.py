"""Expect something of a running server, now or when it comes; AssertionError says what was seen instead.

Nothing is judged by how long it takes: the patience only ends what would hang for ever.
"""

import os
import threading
import time
from collections.abc import Callable

__all__ = ["expect", "interrupted", "patience", "patience_with_starts", "wait_until"]

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.02

interrupted = threading.Event()  # set when it is over: nobody waits for anything any more, and no server starts


def patience() -> float:
    """The seconds after which what is waited for counts as what never comes."""
    return PATIENCE_SECONDS


def patience_with_starts() -> float:
    """The same where a process imports the service: longer by as many times as there are processes for a processor."""
    return PATIENCE_SECONDS * max(1.0, round(os.getloadavg()[0] / (os.cpu_count() or 1)))


def expect(holds: bool, otherwise: str) -> None:
    """An assertion that also holds under `python -O`."""
    if not holds:
        raise AssertionError(otherwise)


def wait_until(holds: Callable[[], bool], otherwise: Callable[[], str], limit: Callable[[], float] = patience) -> float:
    """Look until it holds, at most for `limit` seconds, asked for each time; returns how many it took."""
    started = time.monotonic()
    while not holds():
        expect(not interrupted.is_set(), "interrupted")
        expect(time.monotonic() - started < limit(), otherwise())
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - started
