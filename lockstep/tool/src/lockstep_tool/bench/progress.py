"""A bar where somebody looks on, one plain line for each thing begun elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self

__all__ = ["Progress"]

WIDTH = 30


class Progress:
    """A context manager; `of` is how many steps there will be, once that is known."""

    def __init__(self) -> None:
        self.of, self.done, self.last = 0, 0, ""
        self.live = sys.stdout.isatty()
        self.began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.clear()

    def clear(self) -> None:
        """Make room for what is said next."""
        if self.live:
            print("\r\x1b[K", end="", flush=True)

    def expect(self, steps: int) -> None:
        self.of = self.done + steps

    def step(self, said: str) -> None:
        """One more step begins."""
        self.say(said)
        self.done += 1

    def say(self, said: str) -> None:
        if self.live:
            share = min(1.0, self.done / self.of) if self.of else 0.0
            bar = "█" * round(share * WIDTH) + "·" * (WIDTH - round(share * WIDTH))
            passed = time.monotonic() - self.began
            print(f"\r\x1b[K{bar} {share:4.0%} {passed:4.0f} s  {said[:70]}", end="", flush=True)
        elif said != self.last:
            print(f"{said} …", flush=True)
        self.last = said

    def warn(self, said: str) -> None:
        self.clear()
        print(said, file=sys.stderr, flush=True)
