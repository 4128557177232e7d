"""The text files of a service, each read once: by name, by pattern, and by what a line of them states."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lockstep_serve.environment import sha256
from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Repair
from lockstep_tool.toml_file import expect_file

__all__ = ["ANSWERS", "BUILD", "CI", "DEPLOY", "PROSE", "SCRIPTS", "Statement", "Tree"]

ANSWERS = ".copier-answers.yml"
# Files by what they are for, as patterns below the service's root.
BUILD = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile", ".devcontainer/*")
CI = (".github/workflows/*.y*ml", ".github/actions/*/action.y*ml", ".gitlab-ci.yml", ".gitlab/*.y*ml", "ci/*.y*ml")
DEPLOY = ("deploy/**/*",)
SCRIPTS = ("*.sh", "scripts/*", "bin/*", "Makefile", "justfile")
PROSE = ("README.md", "docs/**/*.md")

RETIRED = ".before-lockstep"
NO_TEXT = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Statement:
    """A line that states something: its file below the service's root, its number from 1, and where in it."""

    file: str
    number: int
    line: str
    match: re.Match[str]

    @property
    def spot(self) -> str:
        """`file:line`, as a finding names it."""
        return f"{self.file}:{self.number}"

    @property
    def comment(self) -> bool:
        """Whether the whole line is one."""
        return self.line.lstrip().startswith("#")

    def repair(self, text: str, group: int = 1) -> Repair:
        """Put `text` where a group of the match is."""
        return Repair(self.file, self.number, self.match.span(group), text)


class Tree:
    """The files below `root`. Patterns are those of `Path.glob`; names are as git writes them, below the root."""

    def __init__(self, root: Path, left_out: frozenset[str] = frozenset()) -> None:
        self.root, self.left_out = root, left_out
        self.text = cache(self.read_text)
        self.named = cache(self.find_names)

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return (self.root / name).is_file()

    def read_text(self, name: str) -> str:
        """A file as text, `text(name)` for all but the first time; raises Refusal where it cannot be read.

        Each byte that is no UTF-8 is one U+FFFD, so that the columns are those of the file that a repair is made in.
        """
        try:
            text = expect_file(self.root / name).read_text(encoding="utf-8", errors="surrogateescape")
            return NO_TEXT.sub("\ufffd", text)
        except OSError as error:
            raise Refusal(f"{name} cannot be read.", [(name, str(error.strerror))], "Restore it from git.") from error

    def sha256(self, name: str) -> str:
        """`sha256:…` of a file's bytes; empty where there is none."""
        return f"sha256:{sha256(self.root / name)}" if self.has(name) else ""

    def find_names(self, *patterns: str) -> Sequence[str]:
        """The files that one of the patterns fits, each once, sorted; `named(…)` for all but the first time.

        What a service had before it was adopted, and what it has asked not to judge, is left out.
        """
        paths = {path for pattern in patterns for path in self.root.glob(pattern) if path.is_file()}
        names = {path.relative_to(self.root).as_posix() for path in paths if not path.name.endswith(RETIRED)}
        return sorted(names - self.left_out)

    def lines(self, name: str) -> Sequence[str]:
        """The lines of a file."""
        return self.text(name).splitlines()

    def statements(self, expression: str, *patterns: str) -> Iterator[Statement]:
        """Every match of `expression` in the lines of the files that the patterns fit, in order."""
        for name in self.named(*patterns):
            for number, line in enumerate(self.lines(name), 1):
                for match in re.finditer(expression, line):
                    yield Statement(name, number, line, match)

    def shell_lines(self, *patterns: str) -> Iterator[tuple[str, int, str]]:
        """File, number and text of lines that are not comments; one that ends in a backslash goes on in the next."""
        for name in self.named(*patterns):
            begun, first = "", 0
            for number, line in enumerate(self.lines(name), 1):
                if line.lstrip().startswith("#"):
                    continue
                first = first or number
                begun += line.rstrip("\\") + " "
                if not line.endswith("\\"):
                    yield name, first, begun.strip()
                    begun, first = "", 0
