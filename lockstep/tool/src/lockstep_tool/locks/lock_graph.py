"""Follow the edges of a lock from its root: nothing may be there that nothing needs, and nothing may be missing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_tool.lockfile import Lock, spot
from lockstep_tool.markers import holds

__all__ = ["bad_edges", "edges_of_root", "reached"]

Package = Mapping[str, Any]
Edge = Mapping[str, Any]


def bad_edges(name: str, lock: Lock) -> Iterator[tuple[str, str]]:
    """Pairs of `file:line` and what is wrong there: packages that uv would not have written."""
    for (project, version), count in Counter(map(key, lock.packages)).items():
        if count > 1:
            yield name, f"{project} {version} is locked {count} times"
    nodes, lacking = walk(lock)
    needed = {(project, version) for project, version, extra in nodes if not extra}
    for package in lock.packages:
        if key(package) not in needed and package not in lock.projects:
            yield spot(name, lock, package), f"{package['name']} is needed by nothing"
        for extra in package.get("optional-dependencies", {}) if package not in lock.projects else ():
            if key(package) in needed and (*key(package), extra) not in nodes:
                yield spot(name, lock, package), f"{package['name']} has an extra {extra} that nothing asks for"
    for project in sorted(lacking):
        yield name, f"{project} is needed and not locked"


def reached(lock: Lock, environment: Mapping[str, str]) -> list[Package]:
    """The packages that an environment with these marker values would install, all groups and extras of the root included."""
    nodes, _ = walk(lock, environment)
    wanted = {(project, version) for project, version, extra in nodes if not extra}
    return [p for p in lock.packages if key(p) in wanted]


def walk(lock: Lock, environment: Mapping[str, str] | None = None) -> tuple[set[tuple[str, str, str]], set[str]]:
    """Nodes (name, version, extra or empty) that the roots lead to, and names that lead nowhere.

    Without an environment every edge counts.
    """
    nodes: set[tuple[str, str, str]] = set()
    lacking: set[str] = set()
    manifest = lock.header.get("manifest", {})
    groups = manifest.get("dependency-groups", {})  # those of a workspace whose root is no project
    todo: list[Edge] = [*manifest.get("requirements", ()), *(edge for group in groups.values() for edge in group)]
    for package in (one for one in lock.projects if one in lock.own[:1] or one["name"] in manifest.get("members", ())):
        nodes.add((*key(package), ""))
        todo += edges_of_root(package)
    while todo:
        edge = todo.pop()
        if environment is not None and not holds(edge.get("marker"), environment):
            continue
        found = [p for p in lock.named(edge["name"]) if "version" not in edge or p.get("version") == edge["version"]]
        if not found:
            lacking.add(str(edge["name"]))
        for package in found:
            for extra in ("", *edge.get("extra", ()), *edge.get("extras", ())):
                if (*key(package), extra) not in nodes:
                    nodes.add((*key(package), extra))
                    todo += edges(package, extra)
    return nodes, lacking


def key(package: Package) -> tuple[str, str]:
    """Name and version; a version is absent where the project computes it."""
    return str(package["name"]), str(package.get("version", ""))


def edges(package: Package, extra: str) -> list[Edge]:
    """What a package needs, or what one of its extras needs besides."""
    return list(package.get("optional-dependencies", {}).get(extra, ()) if extra else package.get("dependencies", ()))


def edges_of_root(package: Package) -> list[Edge]:
    """What the service needs by itself and by any of its groups and extras."""
    groups = [*package.get("optional-dependencies", {}).values(), *package.get("dev-dependencies", {}).values()]
    return [edge for group in [package.get("dependencies", ()), *groups] for edge in group]
