"""Find the ranges of versions that a service states for Python and uv."""

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from lockstep_tool.files.tree import Statement, Tree

__all__ = ["Range", "holds", "ranges"]


@dataclass(frozen=True)
class Range:
    """Where a range of versions of `tool` stands: `file`, and `expression`, whose group is the range.

    `wrong` and `fix` say what it means when the exact version is not in it.
    """

    tool: str
    file: str
    expression: str
    wrong: str
    fix: str


RANGES = (
    Range(
        "Python",
        "pyproject.toml",
        r'^requires-python\s*=\s*"([^"]+)"',
        "This Python is not one that the service is locked for.",
        "Choose one inside the range: `uv run noxfile.py -s upgrade -- --python X.Y.Z`.",
    ),
    Range(
        "Python",
        "noxfile.py",
        r'^# requires-python\s*=\s*"([^"]+)"',
        "This Python is not one that the menu runs on.",
        "Choose one inside the range, or run `uv run noxfile.py -s update`.",
    ),
    Range(
        "Python",
        ".lockstep/pyproject.toml",
        r'^requires-python\s*=\s*"([^"]+)"',
        "This Python is not one that the tool runs on.",
        "Choose one inside the range, or run `uv run noxfile.py -s update`.",
    ),
    Range(
        "uv",
        "uv.toml",
        r'^required-version\s*=\s*"([^"]+)"',
        "The service refuses the uv that it states.",
        "Make its lower bound the version that CI and the image take.",
    ),
    Range(
        "uv",
        "pyproject.toml",
        r'"uv_build([^"]+)"',
        "The wheel is not built by the uv that the service states.",
        "Widen the range of uv_build to hold it; uv then builds by itself and fetches nothing.",
    ),
)


def ranges(tree: Tree) -> Iterator[tuple[Range, Statement]]:
    """Every range that is stated."""
    for one in RANGES:
        for found in tree.statements(one.expression, one.file):
            yield one, found


def holds(stated: str, version: str) -> bool:
    """Whether a range such as `>=3.11,<3.16` has the version in it; a range that is none has nothing in it."""
    try:
        return SpecifierSet(stated).contains(version, prereleases=True)
    except InvalidSpecifier:
        return False
