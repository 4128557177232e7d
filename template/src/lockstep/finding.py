# Lockstep's: one difference. Change it by `copier update`, not by hand.
"""One difference between places, and what a facet is: the words that the report and `explain` use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["FACETS", "Finding", "Place", "shown"]

# What each facet asks, and when a difference is allowed.
FACETS: Mapping[str, str] = {
    "inputs": "uv.lock, pyproject.toml and .python-version as the place has them. Never allowed: rebuild.",
    "python": "The exact version of Python. Never allowed: two patches are two interpreters.",
    "packages": "Names and versions of what is installed. Extra packages are allowed nowhere in the production set.",
    "wheels": "Which of a package's locked wheels is installed. Another one is allowed on another platform.",
    "bytes": "Every installed file against its RECORD and against the wheel that the lock pins by hash. Never allowed.",
    "strays": "Files on the import path that no package owns, .pth files among them. Never allowed.",
    "byte code": "Compiled files against the source beside them. Never allowed: Python would run something else.",
    "source": "The service's own files, in the checkout and as installed. Never allowed: rebuild.",
    "server": "The server definition in force. Where it listens and the number of workers may differ between places.",
    "flags": "Interpreter flags and encodings. The time zone may differ on a laptop; nothing else may.",
    "ambient": "PYTHONPATH, LD_PRELOAD and others that reach into the interpreter. Never allowed.",
    "interpreter": "The build of the interpreter, to its bytes. Another build is allowed on a laptop, not in CI.",
    "libraries": "OpenSSL, SQLite, zlib, expat and the C library. Allowed where the base system brings its own.",
}


@dataclass(frozen=True)
class Place:
    """A place that was looked into; `rebuild` is the command that makes it anew."""

    name: str
    fingerprint: Mapping[str, Any]
    rebuild: str


@dataclass(frozen=True)
class Finding:
    """One difference, or one thing that could not be looked at (`unseen`).

    Allowed ones are counted and named, an unseen one is neither the same nor different, the others make the verdict.
    `place` and `fix` may be filled in by whoever knows the place.
    """

    facet: str
    said: str
    place: str = ""
    fix: str = ""
    allowed: bool = False
    unseen: bool = False

    @property
    def matters(self) -> bool:
        """Whether it makes the verdict `different`."""
        return not self.allowed and not self.unseen


def shown(names: Sequence[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
