# Lockstep's: how a statement is found in files. Change it by `copier update`, not by hand.
"""Find what files of the service state, with the place of each statement."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Statement", "statements"]


@dataclass(frozen=True)
class Statement:
    """A line that says something: its file below the service's root, its number from 1, and where in it."""

    file: str
    number: int
    line: str
    match: re.Match[str]

    @property
    def place(self) -> str:
        """`file:line`, as an error names it."""
        return f"{self.file}:{self.number}"


def statements(root: Path, pattern: str, expression: str) -> Iterator[Statement]:
    """Every match of `expression` in the lines of the files that `pattern` names, in order."""
    for path in sorted(root.glob(pattern)):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for match in re.finditer(expression, line):
                yield Statement(path.relative_to(root).as_posix(), number, line, match)
