"""Find the wheels that a lock takes from the repository itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import Any

from lockstep_tool.lockfile import Lock, files_of, name_of, spot
from lockstep_tool.locks.file_names import belongs

__all__ = ["LockedWheel", "is_wheel", "locked_wheels", "stated_paths"]


@dataclass(frozen=True)
class LockedWheel:
    """`path` is below the service's root, `stated` is as the lock has it; `hash` is `sha256:…`, or empty.

    `belongs` says whether its file name is one of this package and version.
    """

    lock: str
    spot: str
    package: str
    version: str
    path: str
    stated: str
    hash: str
    belongs: bool


def is_wheel(package: Mapping[str, Any]) -> bool:
    """Whether a locked package is a wheel in the repository."""
    return str(package["source"].get("path", "")).endswith(".whl")


def locked_wheels(name: str, lock: Lock) -> Iterator[LockedWheel]:
    """Every wheel in the repository that the lock `name` names."""
    for package in filter(is_wheel, lock.packages):
        stated = normpath(str(package["source"]["path"]))
        files = files_of(package)
        yield LockedWheel(
            lock=name,
            spot=spot(name, lock, package, files[0] if files else None),
            package=str(package["name"]),
            version=str(package.get("version", "")),
            path=normpath(join(dirname(name), stated)),
            stated=stated,
            hash=str(files[0].get("hash", "")) if files else "",
            belongs=len(files) == 1
            and stated.rpartition("/")[2] == name_of(files[0])
            and belongs(name_of(files[0]), str(package["name"]), str(package.get("version", ""))),
        )


def stated_paths(project: Mapping[str, Any], name: str) -> list[str]:
    """The paths that `[tool.uv.sources]` of a pyproject.toml has for a package; several where platforms differ."""
    sources = project.get("tool", {}).get("uv", {}).get("sources", {})
    found = [value for key, value in sources.items() if re.sub(r"[-_.]+", "-", key).lower() == name]
    entries = [entry for value in found for entry in (value if isinstance(value, list) else [value])]
    return [normpath(str(entry["path"])) for entry in entries if isinstance(entry, dict) and "path" in entry]
