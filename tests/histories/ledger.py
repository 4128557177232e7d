"""What the team wrote, line by line, and what of it an update lost."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from owners import Owners
from snapshot import git

__all__ = ["NOT_COMPARED", "Ledger", "find_entered", "list_facts"]

# Files whose lines are not the team's although the team's commits change them, each with what is looked at in their place.
NOT_COMPARED = {
    "uv.lock": "uv writes it; after `relock` it has to answer pyproject.toml, whose lines are compared",
    ".copier-answers.yml": "Copier writes it; the answers that the team gave are compared",
    "metrics.py": "it goes when a team answers that Prometheus does not watch any more, edited or not",
}
# Where a line stands matters in these: a dependency that lands in another table is lost.
WITH_FACTS = ("pyproject.toml",)
FILE = re.compile(r"^(?:---|\+\+\+) (?:[ab]/(?P<path>.+?)\t?|/dev/null)$")


@dataclass
class Ledger:
    """By file: the lines that the team added and still has, the facts that it stated, and the files that it deleted."""

    lines: dict[str, Counter[str]] = field(default_factory=dict)
    facts: dict[str, Counter[str]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def enter(self, service: Path, before: str, after: str) -> None:
        """Enter what the team's commits between two revisions changed."""
        for sign, path, line in changed(service, before, after):
            mine = self.lines.setdefault(path, Counter())
            mine[line] += 1 if sign == "+" else -1
            self.lines[path] = +mine  # a line of Lockstep's that the team removed is no line of the team's
        for name in WITH_FACTS:
            old, new = (list_facts(git(service, "show", f"{revision}:{name}")) for revision in (before, after))
            self.facts[name] = (self.facts.get(name, Counter()) + (new - old)) - (old - new)
        self.deleted |= set(names(service, before, after, "D"))
        self.deleted -= set(names(service, before, after, "A"))
        for path in self.deleted:
            self.lines.pop(path, None)

    def written(self) -> int:
        """How many lines are the team's."""
        return sum(lines.total() for lines in self.lines.values())

    def lost(self, service: Path) -> list[str]:
        """What of it is not in the working tree any more, or not where it was stated; deleted files that are back."""
        found = [f"{path}   <- deleted by the team, and back" for path in sorted(self.deleted) if (service / path).exists()]
        for path, lines in sorted(self.lines.items()):
            if not (service / path).is_file():
                found.append(f"{path}   <- gone, with {lines.total()} lines of the team's")
                continue
            there = Counter((service / path).read_text(encoding="utf-8").splitlines())
            found += [f"{path}   {line}   <- lost" for line in (lines - there)]
        for path, stated in sorted(self.facts.items()):
            text = (service / path).read_text(encoding="utf-8")
            if "\n<<<<<<< " not in text:
                found += [f"{path}   {fact}   <- not stated there any more" for fact in (stated - list_facts(text))]
        return found


def changed(service: Path, before: str, after: str) -> Iterator[tuple[str, str, str]]:
    """Sign, path and line of everything that differs between two revisions."""
    path = ""
    for line in git(service, "diff", "--unified=0", "--no-renames", "--no-color", before, after).splitlines():
        if header := FILE.match(line):
            path = header["path"] or path
        elif line[:1] in ("+", "-") and path not in NOT_COMPARED:
            yield line[0], path, line[1:]


def names(service: Path, before: str, after: str, kind: str) -> list[str]:
    """Files that were added (A) or deleted (D)."""
    return git(service, "diff", "--name-only", "--no-renames", f"--diff-filter={kind}", before, after).splitlines()


def list_facts(text: str) -> Counter[str]:
    """Every value of a TOML text with the path to it; a list's order is not looked at."""
    return Counter(flatten("", tomllib.loads(text)))


def flatten(path: str, value: object) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from flatten(f"{path}.{key}" if path else key, inner)
        case list():
            for inner in value:
                yield from flatten(f"{path}[]", inner)
        case _:
            yield f"{path} = {value!r}"


def find_entered(service: Path, owners: Owners) -> list[str]:
    """Files in the team's directories that differ from the last commit: an update has no business there."""
    status = git(service, "status", "--porcelain", "--untracked-files=all", "--no-renames").splitlines()
    return sorted(f"{line[3:]}   <- entered" for line in status if owners.of(line[3:]) == "team")
