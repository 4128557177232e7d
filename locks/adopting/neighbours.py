"""Find the projects that a service takes as directories: members of its workspace, and paths beside it.

A directory changes without its version changing, so no lock can be compared with it. A wheel is built of each, once.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

__all__ = ["list_members", "list_neighbours"]


def list_neighbours(here: Path, sources: Mapping[str, Any]) -> dict[str, Path]:
    """Name → directory of everything that the service at `here` takes so, and of what these take so in their turn."""
    here, members = here.resolve(), dict[str, Path]()
    todo = [(here, sources)]
    neighbours = dict[str, Path]()
    while todo:
        folder, stated = todo.pop()
        members = members or list_members(folder)
        for name, path in directories_of(folder, stated, members):
            if name not in neighbours and path != here:
                neighbours[name] = path
                todo.append((path, asked_sources(path)))
    return neighbours


def directories_of(folder: Path, sources: Mapping[str, Any], members: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for name, source in sources.items():
        for one in source if isinstance(source, list) else [source]:
            if one.get("workspace") and name in members:
                yield name, members[name]
            elif "path" in one and (folder / str(one["path"])).is_dir():
                yield name, (folder / str(one["path"])).resolve()


def list_members(folder: Path) -> dict[str, Path]:
    """Name → directory of the members of the workspace around a folder, also where that leaves the folder itself out."""
    for above in folder.resolve().parents:
        workspace = read_project(above).get("tool", {}).get("uv", {}).get("workspace", {})
        if patterns := workspace.get("members"):
            folders = {path for pattern in patterns for path in above.glob(str(pattern)) if (path / "pyproject.toml").is_file()}
            named = {canonicalize_name(str(read_project(path).get("project", {}).get("name", ""))): path for path in folders}
            return {name: path.resolve() for name, path in named.items() if name}
        if (above / ".git").exists():
            break
    return {}


def asked_sources(folder: Path) -> dict[str, Any]:
    """The sources of what a project itself asks for."""
    data = read_project(folder)
    sources = {canonicalize_name(name): said for name, said in data.get("tool", {}).get("uv", {}).get("sources", {}).items()}
    return {str(name): said for name, said in sources.items() if name in {*names_asked(data)}}


def names_asked(data: Mapping[str, Any]) -> Iterator[str]:
    for stated in data.get("project", {}).get("dependencies", ()):
        try:
            yield canonicalize_name(Requirement(str(stated)).name)
        except InvalidRequirement:
            continue


def read_project(folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
