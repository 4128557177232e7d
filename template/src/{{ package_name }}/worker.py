"""What each worker process holds from before its first request until after its last one."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["worker"]


@contextmanager
def worker() -> Iterator[None]:
    """Around each worker's life: after the fork, before its first request; after its last one.

    Connection pools and telemetry belong here; no thread may be started earlier. What is raised
    before `yield` stops the boot.
    """
    yield
