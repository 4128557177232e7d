"""What a fault is, and what a session says of one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .scene import Scene

__all__ = ["Blame", "Fault", "Plant"]

# Plants the fault, and returns the variables that are a part of it.
Plant = Callable[[Scene], Mapping[str, str] | None]


@dataclass(frozen=True, order=True)
class Blame:
    """One finding: who says it, of which environment (empty: of a file), under which check, and in which words."""

    session: str
    environment: str
    check: str
    said: str
    warning: bool = False


@dataclass(frozen=True)
class Fault:
    """`session` must name it under `check`, of `environment`, with `said` among its words; nothing else may be blamed.

    `also` are checks of the same environment in which the same fault shows by right. `warns`: it is named and the verdict stays.
    `ci`: it is judged as a job of CI judges, which allows less.
    """

    name: str
    plant: Plant
    session: str
    check: str
    said: str
    environment: str = ""
    also: frozenset[str] = frozenset()
    warns: bool = False
    ci: bool = False
