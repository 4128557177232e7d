"""Hold each upload time against the span that the service declares (`exclude-newer`).

uv obeys the span when it chooses; it does not ask about it again, so a lock that was made without it passes its check.
The moment of locking is written nowhere. It was not after the commit, and not after now: what is too young even for
those was too young then.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lockstep_tool.files.faults import Fault
from lockstep_tool.lockfile import Lock, files_of, spot
from lockstep_tool.locks.indexes import Index, read_indexes

__all__ = ["span", "too_young"]

ISO = re.compile(r"P((?:\d+[YMWD])*)(?:T((?:\d+[HMS])*))?")
NO_DATE = "0001-01-01"  # uv writes it beside a span; a lock that lost its span is stale, and says nothing of age
DAY, UNITS, CLOCK = 86400, {"Y": 365, "M": 30, "W": 7, "D": 1}, {"H": 3600, "M": 60, "S": 1}


def too_young(root: Path, lock: Lock) -> Iterator[Fault]:
    """A warning that names each package whose newest file is younger than declared, with the exception to write."""
    latest, indexes = locked_before(root), read_indexes(root)
    found = []
    for package in lock.packages:
        uploads = [str(file["upload-time"]) for file in files_of(package) if "upload-time" in file]
        cutoff = cutoff_of(lock, package, indexes, latest)
        if uploads and cutoff is not None and (newest := max(map(moment, uploads))) > cutoff:
            age = latest - newest
            said = f"{package['name']} {package['version']} was uploaded {newest:%Y-%m-%d}, {age.days} days before"
            found.append((package["name"], (spot("uv.lock", lock, package), f"{said} {latest:%Y-%m-%d}")))
    if found:
        names = [str(name) for name, _ in found]
        exceptions = ", ".join(f"{name} = false" for name in names)
        yield Fault(
            "cooldown",
            "The lock has releases that are younger than exclude-newer allows.",
            tuple(voice for _, voice in found),
            f"Take older ones: `uv run noxfile.py -s upgrade -- {' '.join(f'-P {name}' for name in names)}`.\n"
            f"If it must be these, write `exclude-newer-package = {{ {exceptions} }}` into uv.toml and run `uv lock`.",
            warning=True,
        )


def cutoff_of(lock: Lock, package: Mapping[str, Any], indexes: Mapping[str, Index], latest: datetime) -> datetime | None:
    """The moment after which nothing of this package was to be taken; None where any age is allowed."""
    options = lock.header.get("options", {})
    index = indexes.get(str(package.get("source", {}).get("registry", "")).rstrip("/"))
    said: Any = options.get("exclude-newer-span") or options.get("exclude-newer")
    if index is not None and index.exclude_newer is not None:
        said = index.exclude_newer
    said = options.get("exclude-newer-package", {}).get(package["name"], said)
    if isinstance(said, Mapping):
        said = said.get("span") or said.get("timestamp")
    if not isinstance(said, str) or said.startswith(NO_DATE):
        return None
    wait = span(said)
    return latest - wait if wait is not None else moment(said)


def span(said: str) -> timedelta | None:
    """`P7D`, `PT36H`, `7 days`, `1 week` → how long; None for a date."""
    words = re.fullmatch(r"(\d+)\s*([ymwdh])\w*", said.strip())  # as people write it; uv.lock has the other form
    text = "PT{}{}" if words and words[2] == "h" else "P{}{}"
    found = ISO.fullmatch(text.format(words[1], words[2].upper()) if words else said.strip())
    if found is None:
        return None
    seconds = sum(int(number) * DAY * UNITS[unit] for number, unit in re.findall(r"(\d+)([YMWD])", found[1]))
    seconds += sum(int(number) * CLOCK[unit] for number, unit in re.findall(r"(\d+)([HMS])", found[2] or ""))
    return timedelta(seconds=seconds)


def moment(said: str) -> datetime:
    """A date or a time of RFC 3339, in UTC where it names no zone."""
    read = datetime.fromisoformat(said.replace("Z", "+00:00"))
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def locked_before(root: Path) -> datetime:
    """The latest moment at which the lock can have been made: its commit, or now where it is not committed."""
    now = datetime.now(UTC)
    try:
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--", "uv.lock"], cwd=root, capture_output=True, text=True, check=False
        )
        commit = subprocess.run(
            ["git", "log", "-1", "--format=%cI", "--", "uv.lock"], cwd=root, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return now
    if changed.returncode or changed.stdout or commit.returncode or not commit.stdout.strip():
        return now
    return min(now, moment(commit.stdout.strip()))
