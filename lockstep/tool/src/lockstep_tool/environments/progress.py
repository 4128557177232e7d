"""Show on a terminal what is being waited for; elsewhere nothing is shown."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["progress"]


@contextmanager
def progress(what: str) -> Iterator[None]:
    """A spinner beside `what` until the block ends."""
    if not sys.stdout.isatty():
        yield
        return
    from rich.console import Console  # only here: it takes longer to import than most of what runs without a terminal

    with Console().status(f"{what} …"):
        yield
