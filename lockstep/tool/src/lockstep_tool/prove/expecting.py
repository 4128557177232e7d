"""Expect something of a running server, now or when it comes; AssertionError says what was seen instead.

Nothing is judged by how long it takes: the patience only ends what would hang for ever.
"""

import threading
import time
from collections.abc import Callable

__all__ = ["expect", "interrupted", "patience", "wait_until"]

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.02

interrupted = threading.Event()  # set when it is over: nobody waits for anything any more, and no server starts


def patience() -> float:
    """The seconds after which what is waited for counts as what never comes."""
    return PATIENCE_SECONDS


def expect(holds: bool, otherwise: str) -> None:
    """An assertion that also holds under `python -O`."""
    if not holds:
        raise AssertionError(otherwise)


def wait_until(holds: Callable[[], bool], otherwise: Callable[[], str], seconds: float | None = None) -> float:
    """Look until it holds, for so many seconds or as long as patience lasts; returns how many it took."""
    started, limit = time.monotonic(), patience() if seconds is None else seconds
    while not holds():
        expect(not interrupted.is_set(), "interrupted")
        expect(time.monotonic() - started < limit, otherwise())
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - started
