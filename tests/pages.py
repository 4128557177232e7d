"""Pages as what they tell a reader to do: commands to run, files to write and to change.

A page shows commands in ```console fences, each behind `$ `, with lines of their output below; `…` stands for anything, and
numbers and hashes may differ. A comment in front of a fence says what is special:

    <!-- needs an engine -->       a container engine and base images
    <!-- fails -->                 its last command ends with an error
    <!-- in the background -->     it keeps running while the page goes on
    <!-- needs PostgreSQL -->      somewhere on the page: a database, as the variable of the service that names it
    <!-- in a Flask service -->    somewhere on the page: it begins in one, and not in the default service; or Django
    <!-- not run: reason -->       tests cannot run it, and why

"Write `FILE`:" and "Change `FILE`:" in front of a fence give it the whole file or the difference.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

__all__ = ["Command", "Page", "Step", "find_links", "find_missing", "read_page"]

INSTALL = "pip install uv && "  # the machine's own uv, which tests leave alone


@dataclass(frozen=True)
class Command:
    """What follows `$ `, the lines of output that the page promises, and the line of the page."""

    text: str
    said: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Step:
    """One fence: commands, or a file's text or difference."""

    line: int
    commands: tuple[Command, ...] = ()
    path: str = ""
    text: str = ""
    difference: bool = False
    engine: bool = False
    fails: bool = False
    background: bool = False
    not_run: str = ""


@dataclass(frozen=True)
class Page:
    path: Path
    steps: tuple[Step, ...]


def read_page(path: Path) -> Page:
    """All that a page tells its reader to do, in order."""
    return Page(path, tuple(find_steps(path.read_text(encoding="utf-8").splitlines())))


def find_links(path: Path) -> list[str]:
    """What the links of a page name, outside of its fences."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL))


def find_steps(lines: list[str]) -> Iterator[Step]:
    """The fences of a page that mean something to a reader who follows it."""
    mark, at = Step(0), 0
    while at < len(lines):
        line = lines[at].strip()
        if note := re.fullmatch(r"<!-- (.*) -->", line):
            mark = mark_step(mark, note[1])
        elif order := re.fullmatch(r"(?:\d\. )?(Write|Change) `([^`]+)`[^:]*:", line):
            mark = replace(mark, path=order[2], difference=order[1] == "Change")
        elif line.startswith("```"):
            end = next(i for i in range(at + 1, len(lines)) if lines[i].strip() == "```")
            body = textwrap.dedent("\n".join(lines[at + 1 : end])) + "\n"
            if line == "```console":
                yield replace(mark, line=at + 1, commands=tuple(read_commands(body, at + 2)), path="")
            elif mark.path:
                yield replace(mark, line=at + 1, text=body)
            mark, at = Step(0), end
        elif line:
            mark = Step(0)
        at += 1


def mark_step(step: Step, note: str) -> Step:
    if note.startswith("not run: "):
        return replace(step, not_run=note.removeprefix("not run: "))
    return replace(
        step,
        engine=step.engine or note == "needs an engine",
        fails=step.fails or note == "fails",
        background=step.background or note == "in the background",
    )


def read_commands(body: str, first: int) -> Iterator[Command]:
    """The commands of one fence; `first` is the line of the page on which it begins."""
    text, said, line = "", list[str](), first
    for number, current in enumerate(body.splitlines(), first):
        if text.endswith("\\"):
            text += "\n" + current
        elif current.startswith("$ "):
            if text:
                yield Command(text, tuple(said), line)
            text, said, line = current.removeprefix("$ "), [], number
        elif current.strip():
            said.append(current)
    if text:
        yield Command(text, tuple(said), line)


def loosen_line(line: str) -> str:
    """A line without what differs from run to run: hashes, numbers, widths."""
    return " ".join(re.sub(r"\d+(?:\.\d+)*", "0", re.sub(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b", "#", line)).split())


def find_missing(promised: tuple[str, ...], printed: str) -> str | None:
    """The first promised line that the output does not have after the one before it, or None."""
    rest = iter([loosen_line(line) for line in printed.splitlines()])
    for line in promised:
        pattern = r"\s?.*\s?".join(re.escape(part.strip()) for part in loosen_line(line).split("…"))
        if line.strip() != "…" and not any(re.fullmatch(pattern, other) for other in rest):
            return line
    return None
