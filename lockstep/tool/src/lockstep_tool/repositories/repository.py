"""Read any repository without touching it: its files by name, their text, and where they state something.

Nothing is written or run there. What is huge or leads out of the repository is not read, and an error says so.
"""

import codecs
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cache
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.files.tree import Statement

__all__ = ["Repository", "open_repository"]

DEEP = 4  # directories below the root
MANY = 50_000  # entries; a repository of services has fewer than a tenth
LARGE = 20_000_000  # bytes of one file; the largest locks have two million
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SKIPPED = frozenset({"node_modules", "venv", "site-packages", "__pycache__", "build", "dist"})
SHOWN = frozenset({".github", ".circleci", ".docker", ".do"})  # of the directories whose name begins with a dot


@dataclass(frozen=True)
class Repository:
    """`files` are paths below `root`, sorted, as git writes them."""

    root: Path
    files: tuple[str, ...]
    texts: dict[str, str] = field(default_factory=dict, compare=False)

    def named(self, *patterns: str) -> list[str]:
        """The files whose path fits one of the patterns; without a slash, it is the last part that counts."""
        fits = compile_patterns(patterns)
        return [name for name in self.files if fits(name)] if patterns else []

    def text(self, name: str) -> str:
        """A file's text; raises Refusal where it cannot be read, or is none."""
        if name not in self.texts:
            self.texts[name] = decode(name, self.readable(name).read_bytes())
        return self.texts[name]

    def holds(self, name: str) -> bool:
        """Whether there is a file of this name; also in directories that `files` leaves out."""
        return (self.root / name).is_file()

    def readable(self, name: str) -> Path:
        """Where a file is that may be read; raises Refusal for one that is huge or leads out of the repository."""
        path = self.root / name
        try:
            if not path.resolve().is_relative_to(self.root.resolve()):
                raise OSError(0, "leads out of the repository")
            if path.stat().st_size > LARGE:
                raise OSError(0, f"larger than {LARGE // 1_000_000} MB")
            path.open("rb").close()
        except OSError as error:
            said = str(error.strerror)
            raise Refusal(f"{name} cannot be read.", [(name, said)], "Make it readable.", code=COULD_NOT_LOOK) from None
        return path

    def lines(self, name: str) -> Iterator[tuple[int, str]]:
        """Numbered lines without comments; a line that a backslash continues is one."""
        kept, start = "", 0
        for number, line in enumerate(self.text(name).splitlines(), 1):
            if line.lstrip().startswith("#"):
                continue
            kept, start = kept + line, start or number
            if kept.endswith("\\"):
                kept = kept[:-1] + " "
                continue
            yield start, kept
            kept, start = "", 0
        if kept:
            yield start, kept

    def statements(self, expression: str, *patterns: str) -> Iterator[Statement]:
        """Every match of `expression` in the lines of the files that fit."""
        for name in self.named(*patterns):
            for number, line in self.lines(name):
                for match in re.finditer(expression, line):
                    yield Statement(name, number, line, match)


@cache
def compile_patterns(patterns: tuple[str, ...]) -> Callable[[str], re.Match[str] | None]:
    """One expression for all of them."""
    whole = (("" if "/" in one else r"(?:.*/)?") + translate(one) for one in patterns)
    return re.compile("|".join(whole)).match


def decode(name: str, content: bytes) -> str:
    """UTF-8, or what a mark of the byte order says; raises Refusal for what is no text."""
    marked = next((encoding for mark, encoding in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(marked)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        said = "is no text in UTF-8, nor in what its first bytes name"
        raise Refusal(f"{name} cannot be read.", [(name, said)], "Write it in UTF-8.", code=COULD_NOT_LOOK)
    return text


def open_repository(root: Path) -> Repository:
    """The files of a directory; raises Refusal where there is none, it cannot be entered or it is huge."""
    if not root.is_dir():
        there = "a file, not a directory" if root.exists() else "not there"
        raise Refusal(f"{root} is no repository.", [(str(root), there)], "Name a directory.", code=COULD_NOT_LOOK)
    try:
        return Repository(root, tuple(sorted(walk(root))))
    except OSError as error:
        raise Refusal(
            f"{root} cannot be read.",
            [(str(error.filename or root), str(error.strerror))],
            "Make it readable, or name a directory inside it.",
            code=COULD_NOT_LOOK,
        ) from None


def walk(root: Path) -> Iterator[str]:
    """Paths of files; raises OSError where the root cannot be listed or there are too many."""
    os.listdir(root)  # os.walk keeps silent about a root that it cannot enter
    seen = 0
    for directory, directories, names in os.walk(root):
        below = Path(directory).relative_to(root)
        seen += len(directories) + len(names)
        if seen > MANY:
            raise OSError(0, f"more than {MANY} entries", str(root))
        deep = len(below.parts) >= DEEP
        directories[:] = [] if deep else sorted(d for d in directories if d in SHOWN or not (d in SKIPPED or d[0] == "."))
        yield from ((below / name).as_posix() for name in names if not name.endswith(".before-lockstep"))
