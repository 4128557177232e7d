"""Remember the wheels that were built, by what each was built from: a report and `--write` after it take the same bytes."""

import hashlib
import os
import platform
from pathlib import Path

__all__ = ["find_wheel", "remember_wheel"]


def folder_of(source: str, python: str) -> Path:
    """Where a wheel of this source is kept: `source` is its hash or its commit, and Python and machine are part of it."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    key = hashlib.sha256(f"{source} {python} {platform.system()} {platform.machine()} {platform.libc_ver()}".encode())
    return home / "lockstep" / "wheels" / key.hexdigest()[:32]


def find_wheel(source: str, python: str) -> Path | None:
    """The wheel that was built from it, or nothing."""
    wheels = list(folder_of(source, python).glob("*.whl"))
    return wheels[0] if len(wheels) == 1 else None


def remember_wheel(wheel: Path, source: str, python: str) -> None:
    """Keep it, whole or not at all; a folder that cannot be written is no fault."""
    folder = folder_of(source, python)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{wheel.name}.{os.getpid()}"
        part.write_bytes(wheel.read_bytes())
        part.replace(folder / wheel.name)
    except OSError:
        return
