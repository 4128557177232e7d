"""The universe lock as data: its packages, and which features need each of them."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Entry", "Universe", "read_universe"]

Table = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """One `[[package]]` of the lock: its name, its text as uv wrote it, and the same as data."""

    name: str
    text: str
    table: Table

    def edges(self, extras: Iterable[str]) -> Iterator[Table]:
        """What this package needs when these of its extras are asked for."""
        yield from self.table.get("dependencies", ())
        for extra in extras:
            yield from self.table.get("optional-dependencies", {}).get(extra, ())


@dataclass(frozen=True)
class Universe:
    """The lock of everything: `root` is the project that asks for it all, `entries` are the other packages, sorted."""

    head: str
    root: Entry
    entries: tuple[Entry, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """Names of answers that bring packages with them."""
        return tuple(sorted(self.root.table["optional-dependencies"]))

    def group_of(self, feature: str) -> Mapping[str, str]:
        """Groups that this feature adds to, with the group of the universe project that holds what it adds."""
        groups = self.root.table["dev-dependencies"]
        return {name: f"{name}-{feature}" for name in groups if f"{name}-{feature}" in groups}

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups that services have."""
        added = {name for feature in self.features for name in self.group_of(feature).values()}
        return tuple(name for name in self.root.table["dev-dependencies"] if name not in added)

    def needed_by_all(self) -> Mapping[str, frozenset[str]]:
        """Packages, each with its extras, that every service needs."""
        groups = (self.root.table["dev-dependencies"][name] for name in self.groups)
        return self.reached([*self.root.table["dependencies"], *(edge for group in groups for edge in group)])

    def needed_by(self, feature: str) -> Mapping[str, frozenset[str]]:
        """Packages, each with its extras, that a feature needs."""
        groups = (self.root.table["dev-dependencies"][name] for name in self.group_of(feature).values())
        stated = self.root.table["optional-dependencies"][feature]
        return self.reached([*stated, *(edge for group in groups for edge in group)])

    def reached(self, edges: Iterable[Table]) -> Mapping[str, frozenset[str]]:
        """Every package that these edges lead to, with the extras that are asked for on the way."""
        found: dict[str, frozenset[str]] = {}
        todo = list(edges)
        while todo:
            edge = todo.pop()
            extras = found.get(edge["name"], frozenset()) | frozenset(edge.get("extra", ()))
            if found.get(edge["name"]) == extras:
                continue
            found[edge["name"]] = extras
            for entry in self.entries:
                if entry.name == edge["name"]:
                    todo += entry.edges(extras)
        return found


def read_universe(path: Path) -> Universe:
    """Read `uv.lock` of the universe project."""
    text = path.read_text(encoding="utf-8")
    head, *blocks = re.split(r"^(?=\[\[package\]\]$)", text, flags=re.MULTILINE)
    tables = tomllib.loads(text)["package"]
    entries = [Entry(table["name"], block.rstrip("\n") + "\n", table) for table, block in zip(tables, blocks, strict=True)]
    (root,) = (entry for entry in entries if "virtual" in entry.table["source"])
    return Universe(head.rstrip("\n") + "\n", root, tuple(entry for entry in entries if entry is not root))
