"""What surrounds each worker: it notes its start and its end in a file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["note", "worker"]


@contextmanager
def worker() -> Iterator[None]:
    """Entered before the first request of a process, left after its last one."""
    if os.environ.get("FAIL"):
        raise ConnectionError("the pool is out of reach")
    note("start")
    yield
    note("stop")


def note(word: str) -> None:
    """One line, appended at once: several processes write."""
    if notes := os.environ.get("NOTES"):
        with Path(notes).open("a", encoding="utf-8") as file:
            file.write(f"{word} {os.getpid()}\n")
