"""One difference between places: the words that the report uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lockstep_tool.checks.of_environments import FACETS

__all__ = ["Finding", "Place", "shown"]


@dataclass(frozen=True)
class Place:
    """A place that was looked into; `rebuild` is the command that makes it anew.

    `kind` is laptop, ci, image, container, command or saved: a laptop may differ where the others may not.
    """

    name: str
    fingerprint: Mapping[str, Any]
    rebuild: str
    kind: str


@dataclass(frozen=True)
class Finding:
    """One difference, or one thing that could not be looked at (`unseen`).

    Allowed ones are counted and named, an unseen one is neither the same nor different, a warning is named and makes
    no verdict, the others do.
    `place` and `fix` may be filled in by whoever knows the place; `{rebuild}` in a fix is the place's own command.
    `at` is where CI may show it: `file` or `file:line`.
    """

    facet: str
    said: str
    place: str = ""
    fix: str = ""
    allowed: bool = False
    unseen: bool = False
    at: str = ""

    @property
    def warns(self) -> bool:
        """Whether it is to be read, and makes no verdict."""
        return not self.allowed and not self.unseen and FACETS[self.facet].weight == "warning"

    @property
    def matters(self) -> bool:
        """Whether it makes the verdict `different`."""
        return not self.allowed and not self.unseen and not self.warns


def shown(names: Sequence[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
