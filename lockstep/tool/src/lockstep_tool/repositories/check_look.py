"""One thing that a look found, the columns of the table, and how bad each answer is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ASKED", "BROKEN", "HOLDS", "NONE", "UNSEEN", "WARNING", "Checked", "Look"]

HOLDS, NONE, WARNING, UNSEEN, BROKEN = "✓", "-", "!", "?", "✗"  # from the best to the worst
BADNESS = (HOLDS, NONE, WARNING, UNSEEN, BROKEN)

# What each column asks.
ASKED: Mapping[str, str] = {
    "lock": "One lock, which answers what is asked for and pins every file by hash.",
    "python": "Python is stated to the patch, and every place says the same.",
    "tools": "uv and nox are stated, and every place says the same.",
    "installs": "CI and the image install what is locked, and nothing else.",
    "bases": "Base images cannot move: each has a digest.",
    "actions": "Steps of CI that others own are pinned to a commit.",
    "start": "Production starts one way, with workers that fit and an end to draining.",
    "user": "The image does not run as root.",
    "context": "What an image build may see is stated.",
}


@dataclass(frozen=True)
class Look:
    """One thing about a facet: `verdict` is NONE (nothing to look at), WARNING, UNSEEN or BROKEN.

    `voices` are pairs of `file:line` and what is said there.
    """

    facet: str
    verdict: str
    said: str
    voices: tuple[tuple[str, str], ...] = ()
    fix: str = ""


@dataclass(frozen=True)
class Checked:
    """A repository with what was found; `unseen` says why it could not be looked at as a whole."""

    path: Path
    looks: Sequence[Look] = field(default=())
    unseen: str = ""

    @property
    def name(self) -> str:
        """How a table calls it."""
        return self.path.resolve().name

    def of(self, facet: str) -> list[Look]:
        """What was found about one facet."""
        return [look for look in self.looks if look.facet == facet]

    def verdict(self, facet: str) -> str:
        """The worst answer about one facet; UNSEEN for all where nothing could be looked at."""
        if self.unseen:
            return UNSEEN
        return max((look.verdict for look in self.of(facet)), key=BADNESS.index, default=HOLDS)

    def count(self, verdict: str) -> int:
        """How many columns have this answer."""
        return sum(self.verdict(facet) == verdict for facet in ASKED)
