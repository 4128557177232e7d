# Lockstep's: what a facet is. Change it by `copier update`, not by hand.
"""One thing that a gate judges, in the words that `explain` prints."""

from dataclasses import dataclass

__all__ = ["Facet"]


@dataclass(frozen=True)
class Facet:
    """`gate` is the session that judges it; a `weight` of "warning" is named, and does not turn the verdict."""

    asks: str
    why: str
    allowed: str
    fix: str
    gate: str = "parity"
    weight: str = "error"
