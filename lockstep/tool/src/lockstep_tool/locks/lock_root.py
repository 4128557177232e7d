"""Compare what the lock installs for its project with what the lock says that pyproject.toml asks for.

uv's own check compares pyproject.toml with the second list only, so an edge that is added to the first one passes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lockstep_tool.lockfile import Lock, spot

__all__ = ["unasked"]


def unasked(name: str, lock: Lock) -> Iterator[tuple[str, str]]:
    """Pairs of `file:line` and what the project would get without asking, or not get."""
    for package in lock.own[:1]:
        line, stated = spot(name, lock, package), package.get("metadata", {})
        wanted = stated.get("requires-dist", [])
        extras = [edge for group in package.get("optional-dependencies", {}).values() for edge in group]
        who = "the service" if name == "uv.lock" else "the tool"
        yield from compare_names(line, who, [*package.get("dependencies", ()), *extras], wanted)
        groups = stated.get("requires-dev", {})
        for group in sorted({*groups, *package.get("dev-dependencies", {})}):
            edges = package.get("dev-dependencies", {}).get(group, [])
            yield from compare_names(line, f"the group {group}", edges, groups.get(group, []))


def compare_names(
    line: str, who: str, edges: Sequence[Mapping[str, Any]], asked: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Names on one side only; what is asked for under a marker may be for another platform."""
    has, wants = {str(edge["name"]) for edge in edges}, {str(one["name"]) for one in asked}
    for name in sorted(has - wants):
        yield line, f"{who} gets {name}, which pyproject.toml does not ask for"
    for name in sorted(wants - has):
        if all("marker" not in one for one in asked if one["name"] == name):
            yield line, f"{who} does not get {name}, which pyproject.toml asks for"
    for edge in edges:
        extras = {extra for one in asked if one["name"] == edge["name"] for extra in one.get("extras", ())}
        for extra in sorted(set(edge.get("extra", ())) - extras):
            yield line, f"{who} gets {edge['name']}[{extra}], which pyproject.toml does not ask for"
