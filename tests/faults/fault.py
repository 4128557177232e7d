"""What a fault is, and what a gate says of one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .scene import Scene

__all__ = ["Blame", "Fault", "Plant"]

# Plants the fault, and returns the variables that are a part of it.
Plant = Callable[[Scene], Mapping[str, str] | None]


@dataclass(frozen=True, order=True)
class Blame:
    """One finding: who says it, of which place (empty: of a file), under which facet, and in which words."""

    gate: str
    place: str
    facet: str
    said: str
    warning: bool = False


@dataclass(frozen=True)
class Fault:
    """`gate` must name it under `facet`, of `place`, with `said` among its words; nothing else may be blamed.

    `also` are facets of the same place in which the same fault shows by right. `warns`: it is named and the verdict stays.
    `ci`: it is judged as a job of CI judges, which allows less.
    """

    name: str
    plant: Plant
    gate: str
    facet: str
    said: str
    place: str = ""
    also: frozenset[str] = frozenset()
    warns: bool = False
    ci: bool = False
