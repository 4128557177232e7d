"""Move uv, Python and the locked packages together, wherever they are repeated; all of it, or nothing."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_tool.checks.mending import mend
from lockstep_tool.checks.pins.versions import CHECK
from lockstep_tool.files.kept_files import keep_files
from lockstep_tool.files.pins import check_pins
from lockstep_tool.files.ranges import holds
from lockstep_tool.files.versions_stated import repetitions
from lockstep_tool.hermetic import environment
from lockstep_tool.lockfile import Lock
from lockstep_tool.locks.lock_registry import UNREACHABLE
from lockstep_tool.service import Service

__all__ = ["Moved", "Row", "move_versions", "upgrade"]

# What uv says → what is wrong, what to do, the exit code. The first that fits counts.
REASONS: Sequence[tuple[tuple[str, ...], str, str, int]] = (
    (
        ("No interpreter found", "No download found", "Failed to install cpython", "python-build-standalone", "pyenv:"),
        "That Python is not to be had here",
        "Choose one of `uv python list`, or connect and run this again.",
        COULD_NOT_LOOK,
    ),
    (UNREACHABLE, "The index cannot be asked", "Connect and run this again.", COULD_NOT_LOOK),
)
INPUTS = ("uv.toml", ".python-version", "pyproject.toml", "uv.lock")
Row = tuple[str, str, str]  # what moved, from where, to where


@dataclass(frozen=True)
class Moved:
    """What moved, and what `pins` then says of the service."""

    rows: Sequence[Row]
    compared: Sequence[str]


def upgrade(root: Path, *, uv: str = "", python: str = "", packages: Sequence[str] = (), keep: bool = False) -> list[str]:
    """Return what moved, as a table; otherwise like `move_versions`."""
    moved = move_versions(root, uv=uv, python=python, packages=packages, keep=keep)
    closing = "Now run `uv run noxfile.py`, and commit what changed."
    return [*table(moved.rows), closing if moved.rows else "Nothing moved: all is as new as allowed.", "", *moved.compared]


def move_versions(root: Path, *, uv: str = "", python: str = "", packages: Sequence[str] = (), keep: bool = False) -> Moved:
    """Move them, wherever they are repeated. Raises Refusal, with every file as it was, when something cannot be moved.

    `uv` and `python` are exact versions, or empty to stay; without `packages` all of them move, with `keep` none.
    """
    before = Service(root)
    check_pins(before)
    complain_of_unknown(before.lock, packages)
    wanted = {**before.versions, **{tool: version for tool, version in (("uv", uv), ("Python", python)) if version}}
    complain_of_inexact(wanted)
    repeated = (one.found.file for one in repetitions(before.files, before.versions))
    with keep_files(root, (*INPUTS, *repeated), "upgrade"):
        write_versions(before, wanted)
        mend(root, CHECK.find(Service(root)))
        check_pins(Service(root))
        chosen = [word for name in packages for word in ("--upgrade-package", name)] or ["--upgrade"]
        run_uv_lock(root, wanted["uv"], [] if keep else chosen)
        now = Service(root)
        compared = check_pins(now)
    return Moved([*versions_moved(before.versions, now.versions), *packages_moved(before.lock, now.lock)], compared)


def complain_of_unknown(lock: Lock, packages: Sequence[str]) -> None:
    """Raise Refusal for a package that is not locked."""
    for name in packages:
        if not list(lock.named(re.sub(r"[-_.]+", "-", re.split(r"[=<>~!]", name)[0]).lower())):
            raise Refusal(
                f"{name} is not locked, so it cannot be moved.",
                [("uv.lock", f"no [[package]] named {name}")],
                f"Spell it as uv.lock does, or add it: `uv add {name}`.",
            )


def complain_of_inexact(wanted: Mapping[str, str]) -> None:
    """Raise Refusal for what is no version to the patch."""
    for tool in ("uv", "Python"):
        if not re.fullmatch(r"\d+\.\d+\.\d+", wanted[tool]):
            raise Refusal(
                f"{tool} {wanted[tool]} is not an exact version.",
                [("upgrade", wanted[tool])],
                "Write major, minor and patch, such as 3.13.9.",
            )


def write_versions(service: Service, wanted: Mapping[str, str]) -> None:
    """Write the versions into their sources, and widen the ranges around them."""
    source = service.root / ".python-version"
    source.write_bytes(source.read_bytes().replace(service.versions["Python"].encode(), wanted["Python"].encode()))
    major, minor, _ = wanted["uv"].split(".")
    text = f">={wanted['uv']},<{major}.{int(minor) + 1}"
    moved = wanted["uv"] != service.versions["uv"]
    for file, expression in (("uv.toml", r'^required-version\s*=\s*"([^"]+)"'), ("pyproject.toml", r'"uv_build([^"]+)"')):
        found = list(service.files.statements(expression, file))
        outside = [one for one in found if not holds(one.match[1], wanted["uv"]) or (moved and file == "uv.toml")]
        mend(service.root, [CHECK.finding("", repairs=tuple(one.repair(text) for one in outside))])


def run_uv_lock(root: Path, version: str, options: Sequence[str]) -> None:
    """Have the stated uv make the lock, which is another program than the one that runs when uv itself moves."""
    running = subprocess.run(["uv", "--version"], capture_output=True, text=True, check=False).stdout.split()[1:2]
    program = ["uv"] if running == [version] else ["uv", "tool", "run", f"uv@{version}"]
    command = [*program, "lock", "--no-progress", "--project", str(root), *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment(), check=False)
    if done.returncode:
        wrong, remedy, code = next(
            ((wrong, remedy, code) for signs, wrong, remedy, code in REASONS if any(s in done.stderr for s in signs)),
            ("uv cannot lock", "Mend what uv names, then run this again.", DIFFERENT),
        )
        lines = [("uv lock", line.strip()) for line in done.stderr.splitlines() if line.strip()]
        raise Refusal(f"{wrong}, so nothing was moved.", lines[-4:], remedy, code=code)


def versions_moved(before: Mapping[str, str], after: Mapping[str, str]) -> list[Row]:
    return [(tool, before[tool], after[tool]) for tool in ("uv", "Python") if before[tool] != after[tool]]


def packages_moved(old: Lock, now: Lock) -> list[Row]:
    """Name, versions before, versions now; several where platforms differ."""

    def versions(lock: Lock, name: str) -> str:
        return ", ".join(str(package.get("version", "")) for package in lock.named(name)) or "-"

    names = sorted({str(package["name"]) for package in [*old.packages, *now.packages]})
    rows = [(name, versions(old, name), versions(now, name)) for name in names]
    return [row for row in rows if row[1] != row[2]]


def table(rows: Sequence[Row]) -> list[str]:
    wide = [max([len(row[column]) for row in rows] + [7]) for column in (0, 1)]
    lines = [f"  {name:<{wide[0]}}  {was:<{wide[1]}}  {now}" for name, was, now in [("moved", "from", "to"), *rows]]
    return [*lines, ""] if rows else []
