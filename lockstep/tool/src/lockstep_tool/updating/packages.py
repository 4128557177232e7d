"""Which locked packages, and which of Lockstep's wheels, an update moves."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from lockstep_tool.updating.checkout import Checkout
from lockstep_tool.updating.wheels import is_wheel, read_wheel_version

__all__ = ["list_moved_packages", "list_moved_wheels"]

Moved = dict[str, str | None]  # name, from and to; None where there is none


def list_moved_packages(before: bytes | None, after: Path) -> list[Moved]:
    """Packages whose locked version changes."""
    old = read_versions((before or b"").decode(errors="replace"))
    new = read_versions(after.read_text(encoding="utf-8") if after.exists() else "")
    return compare_versions(old, new)


def list_moved_wheels(here: Checkout, tree: Path, changed: Sequence[str]) -> list[Moved]:
    """Lockstep's wheels that change; one of the same version is another build of it."""
    wheels = [path for path in changed if is_wheel(path)]
    old = dict(read_wheel_version(path) for path in wheels if here.read_committed(path) is not None)
    new = dict(read_wheel_version(path) for path in wheels if (tree / path).exists())
    for name, version in new.items():
        if old.get(name) == version:
            new[name] = f"{version} (another build)"
    return compare_versions(old, new)


def compare_versions(old: dict[str, str], new: dict[str, str]) -> list[Moved]:
    differing = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    return [{"name": name, "from": old.get(name), "to": new.get(name)} for name in differing]


def read_versions(lock: str) -> dict[str, str]:
    """Name → version of each locked package; none of a text that is no lock."""
    try:
        packages = tomllib.loads(lock).get("package", [])
    except tomllib.TOMLDecodeError:
        return {}
    return {package["name"]: package["version"] for package in packages if "version" in package}
