"""Find what files of the service state, with the place of each statement."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lockstep_tool.files.faults import Repair

__all__ = ["BUILD", "CI", "DEPLOY", "SCRIPTS", "TOLD", "Statement", "lines_of", "shell", "statements"]

# Files by what they are for, as patterns below the service's root.
BUILD = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile", ".devcontainer/*")
CI = (".github/workflows/*.y*ml", ".github/actions/*/action.y*ml", ".gitlab-ci.yml", ".gitlab/*.y*ml", "ci/*.y*ml")
DEPLOY = ("deploy/**/*",)
SCRIPTS = ("*.sh", "scripts/*", "bin/*", "Makefile", "justfile")
TOLD = ("README.md", "docs/**/*.md")


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

    @property
    def comment(self) -> bool:
        """Whether the whole line is one."""
        return self.line.lstrip().startswith("#")

    def repair(self, text: str, group: int = 1) -> Repair:
        """Put `text` where a group of the match is."""
        return Repair(self.file, self.number, self.match.span(group), text)


def statements(root: Path, patterns: str | tuple[str, ...], expression: str) -> Iterator[Statement]:
    """Every match of `expression` in the lines of the files that the patterns name, in order."""
    for file, lines in lines_of(root, patterns):
        for number, line in enumerate(lines, 1):
            for match in re.finditer(expression, line):
                yield Statement(file, number, line, match)


def lines_of(root: Path, patterns: str | tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """Name below the root and lines of each file that the patterns name, once, in order."""
    several = (patterns,) if isinstance(patterns, str) else patterns
    for path in sorted({path for pattern in several for path in root.glob(pattern) if path.is_file()}):
        yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8", errors="replace").splitlines()


def shell(root: Path, patterns: str | tuple[str, ...]) -> Iterator[tuple[str, int, str]]:
    """File, number and text of lines that are not comments; one that ends in a backslash goes on in the next."""
    for file, lines in lines_of(root, patterns):
        begun, first = "", 0
        for number, line in enumerate(lines, 1):
            if line.lstrip().startswith("#"):
                continue
            first = first or number
            begun += line.rstrip("\\") + " "
            if not line.endswith("\\"):
                yield file, first, begun.strip()
                begun, first = "", 0
