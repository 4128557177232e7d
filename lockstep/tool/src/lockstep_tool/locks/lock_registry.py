"""Ask the index what it has now, and say how the lock differs.

An index may change: a release gets a wheel for another platform, a file is yanked. What is published under one name
never changes, so another hash, address or dependency is wrong.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_tool.hermetic import environment
from lockstep_tool.lockfile import Lock, files_of, name_of, read_lock, spot
from lockstep_tool.locks.lock_history import needs_of
from lockstep_tool.locks.lock_wheels import locked_wheels
from lockstep_tool.service import Service

__all__ = ["UNREACHABLE", "Difference", "compare_locks", "lock_anew", "yanked"]

YANKED = re.compile(r"`([^`=]+)==([^`]+)` is yanked(?: \(reason: \"(.*)\"\))?")
INPUTS = ("pyproject.toml", "uv.toml", "uv.lock", ".python-version")
# What uv says where the network, and not the service, is to blame.
UNREACHABLE = ("error sending request", "Failed to fetch", "Could not connect", "dns error", "timed out", "--offline")

Package = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """`spot` is `uv.lock:line`; `allowed` says whether an index may change so."""

    spot: str
    said: str
    allowed: bool


def lock_anew(service: Service) -> tuple[Lock, Sequence[Difference]]:
    """The lock as uv would write it now, and what is yanked of it.

    It is made in another directory, with nothing believed that uv has in its cache.
    """
    wheels = [wheel.path for wheel in locked_wheels("uv.lock", service.lock)]
    with tempfile.TemporaryDirectory() as directory:
        for name in (*INPUTS, *wheels):
            target = Path(directory, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(service.root / name, target)
        command = ["uv", "lock", "--refresh", "--no-progress", "--project", directory]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, env=environment(), check=False)
        if done.returncode:
            raise refusal(done.stderr)
        now = read_lock(Path(directory, "uv.lock"))
        return now, list(yanked(service.lock, done.stderr))


def yanked(lock: Lock, output: str) -> Iterator[Difference]:
    """Releases that their authors took back, with the reason that they give, from what uv printed."""
    for name, version, reason in YANKED.findall(output):
        line = next((spot("uv.lock", lock, one) for one in lock.named(name) if one.get("version") == version), "uv.lock")
        yield Difference(line, f"{name} {version}: {reason or 'no reason is given'}", True)


def refusal(output: str) -> Refusal:
    """Why uv could not lock, from what it printed."""
    lines = [line.strip() for line in output.splitlines() if line.strip()][-4:]
    away = any(sign in output for sign in UNREACHABLE)
    return Refusal(
        "The index cannot be asked." if away else "The index has no answer to pyproject.toml.",
        [("uv lock --refresh", line) for line in lines],
        "Connect and run this again; without a network `uv run noxfile.py -s lock` judges what can be judged."
        if away
        else "A locked release may have been deleted: `uv lock --upgrade-package NAME` takes another one.",
        code=COULD_NOT_LOOK if away else DIFFERENT,
    )


def compare_locks(old: Lock, now: Lock) -> Iterator[Difference]:
    """How the index's answer, `now`, differs from the lock, `old`."""
    there = {key(package): package for package in now.packages}
    for package in old.packages:
        found = there.pop(key(package), None)
        line = spot("uv.lock", old, package)
        if found is None:
            others = [str(one.get("version")) for one in now.named(package["name"])]
            instead = f", which would be {' and '.join(others)} now" if others else ", which nothing needs"
            yield Difference(line, f"{package['name']} {package.get('version', '')}{instead}", bool(others))
            continue
        yield from compare_files(old, package, found)
        for need in sorted(needs_of(package) ^ needs_of(found)):
            verb = "needs" if need in needs_of(found) else "does not need"
            yield Difference(line, f"{package['name']} {verb} {need}, says the index", False)
    for name, version in there:
        if not list(old.named(name)):
            yield Difference("uv.lock", f"{name} {version} is needed, says the index", False)


def compare_files(old: Lock, package: Package, found: Package) -> Iterator[Difference]:
    """Files by name: an index may add and delete some, but not put other bytes under the same name."""
    mine, theirs = ({name_of(file): file for file in files_of(one)} for one in (package, found))
    for name in sorted(theirs.keys() - mine.keys()):
        yield Difference(spot("uv.lock", old, package), f"{name} is new", True)
    for name in sorted(mine.keys() - theirs.keys()):
        yield Difference(spot("uv.lock", old, package, mine[name]), f"{name} is gone", True)
    for name in sorted(mine.keys() & theirs.keys()):
        for part in ("hash", "url", "size", "upload-time"):
            if mine[name].get(part) != theirs[name].get(part):
                word = {"url": "address", "upload-time": "upload time"}.get(part, part)
                yield Difference(spot("uv.lock", old, package, mine[name]), f"{name} has another {word} there", False)


def key(package: Package) -> tuple[str, str]:
    return str(package["name"]), str(package.get("version", ""))
