"""One shape for every target: a name, what it is run by, and what it showed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .place import Place

__all__ = ["Target"]


@dataclass(frozen=True)
class Target:
    """`run` yields first what it is run by, with versions, then a sentence for everything that it has seen.

    It raises AssertionError where a service does not do what it should, and `CannotMake` where the target cannot run here.
    """

    name: str
    run: Callable[[Place], Iterator[str]]
