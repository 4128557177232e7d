"""Compare the wheels in `.lockstep/` with the locks that name them: Copier replaces a changed one without a word."""

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding
from lockstep_tool.hermetic import environment
from lockstep_tool.lockfile import read_lock

__all__ = ["FOLDER", "compare_wheels", "is_wheel", "lock_wheels", "read_wheel_version", "refuse_changed_wheels"]

FOLDER = ".lockstep"
LOCKS = ("uv.lock", f"{FOLDER}/uv.lock")
RESTORE = (
    "Bring it back: `git checkout -- {folder}`. "
    "If the change is meant, lock it and commit it first: `uv lock --project {project} --upgrade-package {name}`."
)


@dataclass(frozen=True)
class LockedWheel:
    """A wheel that a lock takes from a file: its distribution, where it lies below the root, its hash, and which lock."""

    name: str
    path: str
    hash: str
    lock: str


def refuse_changed_wheels(root: Path) -> None:
    """Raise Refusal when a wheel in `.lockstep/` is not the one that is locked; an update would replace it silently."""
    if findings := list(compare_wheels(root)):
        raise Refusal(
            "A wheel in .lockstep/ is not the one that is locked, and an update would replace it without asking.",
            [row for finding in findings for row in finding.where],
            findings[0].fix,
        )


def compare_wheels(root: Path) -> Iterator[Finding]:
    """A finding for each wheel in `.lockstep/` that is not the locked one, is missing, or is in no lock."""
    locked = [wheel for wheel in read_locked_wheels(root) if is_wheel(wheel.path)]
    for wheel in locked:
        if (found := hash_file(root / wheel.path)) != wheel.hash:
            what = f"the wheel of {wheel.name} is not the one that is locked"
            where = ((wheel.path, f"{found}   <- differs"), (wheel.lock, wheel.hash))
            project = PurePosixPath(wheel.lock).parent
            yield Finding("wheel", what, where, RESTORE.format(folder=FOLDER, project=project, name=wheel.name))
    for path in sorted((root / FOLDER).glob("*.whl")):
        name = f"{FOLDER}/{path.name}"
        if name not in {wheel.path for wheel in locked}:
            where = ((name, f"{hash_file(path)}   <- differs"), (LOCKS[1], "names no such file"))
            yield Finding("wheel", "a wheel that no lock names", where, f"Remove it: `git rm {name}`.")


def read_locked_wheels(root: Path) -> Iterator[LockedWheel]:
    """The wheels that the service's lock and the tool's lock take from files; raises Refusal for a lock that is none."""
    for lock in LOCKS:
        if not (root / lock).is_file():
            continue
        for package in read_lock(root / lock).packages:
            path = str(package["source"].get("path", ""))
            if path.endswith(".whl"):
                below = str(PurePosixPath(lock).parent / path)
                hashes = [str(wheel.get("hash")) for wheel in package.get("wheels", ())]
                yield LockedWheel(str(package["name"]), below, ", ".join(hashes) or "no hash", lock)


def lock_wheels(root: Path) -> None:
    """Put the hash of each wheel file into the locks that name it; raises Refusal when uv cannot lock.

    `uv lock` alone keeps the hash of a wheel whose content changed under the same name (uv 0.13.9); when it is told to
    upgrade the package, it reads the file again.
    """
    stale = [wheel for wheel in read_locked_wheels(root) if (root / wheel.path).is_file()]
    for lock in LOCKS:
        names = [wheel.name for wheel in stale if wheel.lock == lock and hash_file(root / wheel.path) != wheel.hash]
        if not names:
            continue
        words = [word for name in names for word in ("--upgrade-package", name)]
        command = ["uv", "lock", "--no-progress", "--project", str((root / lock).parent), *words]
        done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
        if done.returncode:
            rows = [("uv lock", line) for line in done.stderr.strip().splitlines()[-6:]]
            raise Refusal(f"{lock} cannot take the wheels of the update.", rows, "Mend what uv names.")


def is_wheel(path: str) -> bool:
    """Whether this path, relative to the service's root, is a wheel of Lockstep's."""
    return path.startswith(f"{FOLDER}/") and path.endswith(".whl")


def read_wheel_version(path: str) -> tuple[str, str]:
    """Distribution and version of a wheel, by its file name."""
    name = PurePosixPath(path).name
    try:
        distribution, version, *_ = parse_wheel_filename(name)
    except InvalidWheelFilename:
        return name, ""
    return str(distribution), str(version)


def hash_file(path: Path) -> str:
    """As a lock writes it; `missing` where there is none."""
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" if path.is_file() else "missing"
