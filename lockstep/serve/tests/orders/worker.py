"""What surrounds each worker: it notes its start and its end in a file."""

import os
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

__all__ = ["go_on", "keep_files", "note", "wait_for", "worker"]

_kept: list[int] = []


@contextmanager
def worker() -> Iterator[None]:
    """Entered before the first request of a process, left after its last one."""
    if os.environ.get("FAIL"):
        raise ConnectionError("the pool is out of reach")
    if os.environ.get("POOL"):  # it idles, and nobody shuts it down
        ThreadPoolExecutor(1).submit(int).result()
    note("start")
    yield
    note("stop")
    if words := os.environ.get("LAST_WORDS"):
        sys.exit(words)


def note(word: str) -> None:
    """One line, appended at once: several processes write."""
    if notes := os.environ.get("NOTES"):
        with Path(notes).open("a", encoding="utf-8") as file:
            file.write(f"{word} {os.getpid()}\n")


def wait_for(port: int) -> None:
    """Until whoever listens on that port of this machine ends the connection."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.recv(1)


def go_on(port: int) -> None:
    """What a thread of the service's own does."""
    wait_for(port)
    note("own")


def keep_files() -> None:
    """As a service with files of its own has them open."""
    _kept.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(60))
