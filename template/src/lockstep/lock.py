# Lockstep's: the judgement of the lock. Change it by `copier update`, not by hand.
"""Judge `uv.lock` without a network: fresh by uv's own check, and honest by its structure.

uv's check asks only whether the lock answers pyproject.toml; it accepts a lock whose files come from elsewhere.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lockstep.errors import Refusal
from lockstep.hermetic import environment
from lockstep.lockfile import Lock, read_lock
from lockstep.toml_file import read_toml

__all__ = ["check", "dishonest"]


def check(root: Path) -> str:
    """Raise Refusal for a stale or dishonest lock; return what was looked at, in one line."""
    indexes = index_of(root)
    fresh(root)
    lock = read_lock(root / "uv.lock")
    faults = list(dishonest(lock, indexes, trusted_hosts(root)))
    if faults:
        raise Refusal(
            "uv.lock is not what uv would have written.",
            faults[:10],
            "Restore it with `git checkout uv.lock`, or run `uv lock --refresh` and review each line that changes.",
        )
    return f"uv.lock is fresh and honest: {len(lock.packages) - 1} packages, each file from its index, with its hash"


def fresh(root: Path) -> None:
    """uv's own check, with nothing around it that could move the verdict."""
    command = ["uv", "lock", "--check", "--offline", "--project", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1].strip()
        raise Refusal(
            "uv.lock does not answer pyproject.toml.",
            [("uv lock --check", last)],
            "Run `uv lock` (after a conflict: `uv run noxfile.py -s relock`), then commit both files.",
        )


def index_of(root: Path) -> set[str]:
    """The indexes that uv.toml and pyproject.toml declare."""
    settings = read_toml(root / "uv.toml")
    project = read_toml(root / "pyproject.toml")
    declared = [*settings.get("index", ()), *project.get("tool", {}).get("uv", {}).get("index", ())]
    return {str(index["url"]).rstrip("/") for index in declared}


def trusted_hosts(root: Path) -> set[str]:
    """Hosts that serve files: those of the indexes, and those in noxfile.py.lock, a lock that no one edits."""
    text = (root / "noxfile.py.lock").read_text(encoding="utf-8")
    return {str(urlsplit(url).hostname) for url in [*index_of(root), *re.findall(r'url = "([^"]+)"', text)]}


def dishonest(lock: Lock, indexes: set[str], hosts: set[str]) -> Iterator[tuple[str, str]]:
    """Pairs of `uv.lock:line` and what is wrong there."""
    for package in lock.packages:
        kind, where = next(iter(package["source"].items()))
        if package is not lock.root and kind != "registry":
            yield spot(lock, package), f"{package['name']} comes from {kind} {where}"
        if kind != "registry":
            continue
        if str(where).rstrip("/") not in indexes:
            yield spot(lock, package), f"{package['name']} comes from {where}, which no setting declares"
        for file in [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]:
            for fault in bad_file(package, file, hosts):
                yield spot(lock, package, file), fault
        if not package.get("wheels"):
            yield spot(lock, package), f"{package['name']} has no wheel, only what must be built"
    yield from unreachable(lock)


def bad_file(package: Mapping[str, Any], file: Mapping[str, Any], hosts: set[str]) -> Iterator[str]:
    """What is wrong with one file's entry."""
    url = urlsplit(str(file.get("url", "")))
    name = unquote(url.path.rpartition("/")[2])
    if url.scheme != "https" or url.hostname not in hosts:
        yield f"{name} comes from {url.scheme}://{url.hostname}, which no index uses"
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", str(file.get("hash", ""))):
        yield f"{name} has no sha256"
    if "upload-time" not in file:
        yield f"{name} has no upload time, so its age cannot be judged"
    parts = (
        name.removesuffix(".whl").split("-")[:2]
        if name.endswith(".whl")
        else name.removesuffix(".zip").removesuffix(".tar.gz").rsplit("-", 1)
    )
    project, version = parts if len(parts) == 2 else (name, "")
    if (
        re.sub(r"[-_.]+", "-", project).lower() != package["name"]
        or version.replace("_", "-").lower() != str(package["version"]).lower()
    ):
        yield f"{name} is no file of {package['name']} {package['version']}"


def unreachable(lock: Lock) -> Iterator[tuple[str, str]]:
    """Packages that nothing in the lock needs: uv would not have written them."""
    edges = {p["name"]: list(edges_of(p)) for p in lock.packages}
    seen: set[str] = set()
    todo = [str(lock.root["name"])]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += edges.get(name, [])
    for package in lock.packages:
        if package["name"] not in seen:
            yield spot(lock, package), f"{package['name']} is needed by nothing"
    for name in sorted(seen - set(edges)):
        yield "uv.lock", f"{name} is needed and not locked"


def edges_of(package: Mapping[str, Any]) -> Iterator[str]:
    """Names that a package needs by any group or extra."""
    groups = [*package.get("optional-dependencies", {}).values(), *package.get("dev-dependencies", {}).values()]
    return (str(edge["name"]) for group in [package.get("dependencies", ()), *groups] for edge in group)


def spot(lock: Lock, package: Mapping[str, Any], file: Mapping[str, Any] | None = None) -> str:
    """`uv.lock:line` of a package, or of one of its files."""
    at = lock.text.find(f'name = "{package["name"]}"\nversion = "{package.get("version", "")}"')
    if file is not None:
        at = lock.text.find(str(file.get("url") or file.get("hash")), max(at, 0))
    return f"uv.lock:{lock.text.count(chr(10), 0, max(at, 0)) + 1}"
