"""Expect something of a running server, now or within a time; AssertionError says what was seen instead."""

import time
from collections.abc import Callable

__all__ = ["expect", "until"]

LOOK_SECONDS = 0.02


def expect(holds: bool, otherwise: str) -> None:
    """An assertion that also holds under `python -O`."""
    if not holds:
        raise AssertionError(otherwise)


def until(holds: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> float:
    """Look until it holds, at most so many seconds; returns how many it took."""
    started = time.monotonic()
    while not holds():
        expect(time.monotonic() - started < seconds, otherwise())
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - started
