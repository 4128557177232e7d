"""See that each range of versions holds the exact one that the service states."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lockstep_tool.files.faults import Fault
from lockstep_tool.files.statements import statements

__all__ = ["outside"]

# A tool, the file, a pattern whose group is its range, and what to do.
RANGES = (
    (
        "Python",
        "pyproject.toml",
        r'^requires-python\s*=\s*"([^"]+)"',
        "This Python is not one that the service is locked for.",
        "Choose one inside the range: `uv run noxfile.py -s upgrade -- --python X.Y.Z`.",
    ),
    (
        "Python",
        "noxfile.py",
        r'^# requires-python\s*=\s*"([^"]+)"',
        "This Python is not one that the menu runs on.",
        "Choose one inside the range, or run `copier update`.",
    ),
    (
        "uv",
        "uv.toml",
        r'^required-version\s*=\s*"([^"]+)"',
        "The service refuses the uv that it states.",
        "Make its lower bound the version that CI and the image take.",
    ),
    (
        "uv",
        "pyproject.toml",
        r'"uv_build([^"]+)"',
        "The wheel is not built by the uv that the service states.",
        "Widen the range of uv_build to hold it; uv then builds by itself and fetches nothing.",
    ),
)


def outside(root: Path, truth: Mapping[str, str]) -> Iterator[Fault]:
    """Ranges that do not hold the exact version."""
    for tool, file, expression, wrong, remedy in RANGES:
        for found in statements(root, file, expression):
            if not holds(found.match[1], truth[tool]):
                source = {"Python": ".python-version", "uv": "uv.toml"}[tool]
                said = f"{found.line.strip('# ')}   <- does not hold {truth[tool]}"
                yield Fault("versions", wrong, ((source, truth[tool]), (found.place, said)), remedy)


def holds(stated: str, version: str) -> bool:
    """Whether every part of `>=3.11,<3.15` is true of a version; parts of other kinds are left to uv."""
    compare = {">=": lambda a, b: a >= b, "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b}
    return all(
        compare[sign](numbers(version), numbers(bound)) for sign, bound in re.findall(r"(>=|<=|<|>)\s*([\d.]+)", stated)
    ) and all(
        numbers(version)[: len(numbers(bound))] == numbers(bound)
        for bound in re.findall(r"==\s*([\d.]+?)(?:\.\*)?(?=[,\s]|$)", stated)
    )


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))
