# Lockstep's: uv.lock as data. Change it by `copier update`, not by hand.
"""Read `uv.lock`: what the production set is on a given platform, and from where each file may come."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockstep.errors import Refusal
from lockstep.markers import holds

__all__ = ["Lock", "read_lock"]


@dataclass(frozen=True)
class Lock:
    """`packages` are the `[[package]]` tables in the order of the file; `text` is the file, to find a line again."""

    text: str
    packages: tuple[Mapping[str, Any], ...]

    @property
    def root(self) -> Mapping[str, Any]:
        """The service itself; raises Refusal when the lock is of nothing, or of several projects."""
        roots = [package for package in self.packages if {"editable", "virtual"} & set(package["source"])]
        if len(roots) != 1:
            names = ", ".join(str(package["name"]) for package in roots) or "none"
            raise Refusal("uv.lock must be the lock of one project.", [("uv.lock", f"locks {names}")], "Run `uv lock`.")
        return roots[0]

    def named(self, name: str) -> Iterator[Mapping[str, Any]]:
        """All locked versions of a distribution; more than one when platforms differ."""
        return (package for package in self.packages if package["name"] == name)

    def production(self, environment: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
        """Normalised name → package, for everything the service needs where `environment` holds, itself left out."""
        needed: dict[str, Mapping[str, Any]] = {}
        extras: dict[str, set[str]] = {}
        todo = [edge for edge in self.root.get("dependencies", ()) if holds(edge.get("marker"), environment)]
        while todo:
            edge = todo.pop()
            name, wanted = edge["name"], set(edge.get("extra", ()))
            if name in needed and wanted <= extras[name]:
                continue
            package = self.chosen(edge, environment)
            needed[name] = package
            extras[name] = extras.get(name, set()) | wanted
            optional = package.get("optional-dependencies", {})
            edges = [*package.get("dependencies", ()), *(e for x in extras[name] for e in optional.get(x, ()))]
            todo += [e for e in edges if holds(e.get("marker"), environment)]
        return needed

    def chosen(self, edge: Mapping[str, Any], environment: Mapping[str, str]) -> Mapping[str, Any]:
        """The locked package that an edge means; raises Refusal for an edge into nothing."""
        fits = [p for p in self.named(edge["name"]) if "version" not in edge or p["version"] == edge["version"]]
        if len(fits) > 1:  # one version a platform: uv writes on each for which it is
            fits = [p for p in fits if any(holds(m, environment) for m in p.get("resolution-markers", ()))] or fits
        if not fits:
            raise Refusal(
                f"uv.lock needs {edge['name']}, and does not lock it.",
                [("uv.lock", f"no [[package]] named {edge['name']}")],
                "Run `uv lock`, and review what it changes.",
            )
        return fits[0]


def read_lock(path: Path) -> Lock:
    """Parse a lock; raises Refusal when it is missing, has conflict markers or is no lock."""
    try:
        text = path.read_text(encoding="utf-8")
        packages = tomllib.loads(text)["package"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        conflict = isinstance(error, tomllib.TOMLDecodeError) and "\n<<<<<<<" in text
        raise Refusal(
            f"{path.name} cannot be read.",
            [(path.name, "conflict markers" if conflict else str(error))],
            "Run `uv run noxfile.py -s relock`." if conflict else "Restore it from git, or run `uv lock`.",
        ) from error
    return Lock(text, tuple(packages))
