"""Ask the index what it has now, and say how the lock differs: a verdict of its own, since it takes a network.

An index changes by right: a release gets a wheel for another platform, a file is yanked. That is a warning. What is
published under one name never changes, so another hash, address or dependency is an error.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.files.faults import Fault, judge
from lockstep_tool.hermetic import environment
from lockstep_tool.lockfile import Lock, files_of, name_of, read_lock, spot
from lockstep_tool.locks.lock_history import needs_of

__all__ = ["UNREACHABLE", "check", "differences"]

INPUTS = ("pyproject.toml", "uv.toml", "uv.lock", ".python-version")
# What uv says where the network, and not the service, is to blame.
UNREACHABLE = ("error sending request", "Failed to fetch", "Could not connect", "dns error", "timed out", "--offline")
MOST = 20

Package = Mapping[str, Any]


def check(root: Path) -> str:
    """Raise Refusal where lock and index say different things, with code 2 where the index cannot be asked."""
    old = read_lock(root / "uv.lock")
    now = asked(root)
    changed: list[tuple[str, str]] = []
    otherwise: list[tuple[str, str]] = []
    for place, said, by_right in differences(old, now):
        (changed if by_right else otherwise).append((place, said))
    found = []
    if otherwise:
        found.append(
            Fault(
                "lock registry",
                "uv.lock says otherwise than the index.",
                tuple((place, f"{said}   <- differs") for place, said in otherwise[:MOST]),
                "Run `uv lock --refresh`, review each line that changes, and find out who wrote the other one.",
            )
        )
    if changed:
        found.append(
            Fault(
                "lock registry",
                "The index has changed since the lock was made.",
                tuple(changed[:MOST]),
                "Run `uv lock --refresh` to take it along, or leave it: what is locked installs while it is there.",
                warning=True,
            )
        )
    warnings = judge("lock", found)
    said = f"uv.lock says what the index says: {len(old.packages) - 1} packages"
    return "\n".join([*([] if warnings else [said]), *warnings]).strip()


def asked(root: Path) -> Lock:
    """The lock as uv would write it now, with nothing believed that it has in its cache; made in another folder."""
    with tempfile.TemporaryDirectory() as folder:
        for name in INPUTS:
            shutil.copyfile(root / name, Path(folder, name))
        done = subprocess.run(
            ["uv", "lock", "--refresh", "--no-progress", "--project", folder],
            cwd=folder,
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
        if done.returncode:
            told = [line.strip() for line in done.stderr.splitlines() if line.strip()][-4:]
            away = any(sign in done.stderr for sign in UNREACHABLE)
            raise Refusal(
                "The index cannot be asked." if away else "The index has no answer to pyproject.toml.",
                [("uv lock --refresh", line) for line in told],
                "Connect and run this again; without a network `uv run noxfile.py -s lock` judges what can be judged."
                if away
                else "A locked release may have been deleted: `uv lock --upgrade-package NAME` takes another one.",
                code=COULD_NOT_LOOK if away else 1,
            )
        return read_lock(Path(folder, "uv.lock"))


def differences(old: Lock, now: Lock) -> Iterator[tuple[str, str, bool]]:
    """Triples of `uv.lock:line`, what differs there, and whether an index may change so by right."""
    there = {key(package): package for package in now.packages}
    for package in old.packages:
        found = there.pop(key(package), None)
        place = spot("uv.lock", old, package)
        if found is None:
            others = [str(one.get("version")) for one in now.named(package["name"])]
            instead = f", which would be {' and '.join(others)} now" if others else ", which nothing needs"
            yield place, f"{package['name']} {package.get('version', '')}{instead}", bool(others)
            continue
        yield from of_files(old, package, found)
        for need in sorted(needs_of(package) ^ needs_of(found)):
            verb = "needs" if need in needs_of(found) else "does not need"
            yield place, f"{package['name']} {verb} {need}, says the index", False
    for name, version in there:
        if not list(old.named(name)):
            yield "uv.lock", f"{name} {version} is needed, says the index", False


def of_files(old: Lock, package: Package, found: Package) -> Iterator[tuple[str, str, bool]]:
    """Files by name: added and gone ones are the index's right, other bytes under the same name are not."""
    mine, theirs = ({name_of(file): file for file in files_of(one)} for one in (package, found))
    for name in sorted(theirs.keys() - mine.keys()):
        yield spot("uv.lock", old, package), f"{name} is new", True
    for name in sorted(mine.keys() - theirs.keys()):
        yield spot("uv.lock", old, package, mine[name]), f"{name} is gone", True
    for name in sorted(mine.keys() & theirs.keys()):
        for part in ("hash", "url", "size", "upload-time"):
            if mine[name].get(part) != theirs[name].get(part):
                words = {"url": "address", "upload-time": "upload time"}.get(part, part)
                yield spot("uv.lock", old, package, mine[name]), f"{name} has another {words} there", False


def key(package: Package) -> tuple[str, str]:
    return str(package["name"]), str(package.get("version", ""))
