"""What is made once and kept between test runs, also when several test processes want it at the same time."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["kept", "kept_directory", "key_of", "locked"]


def kept_directory() -> Path:
    """The directory that outlives the run: `$LOCKSTEP_CONTAINERS`, or `.nox/containers` of this repository."""
    chosen = os.environ.get("LOCKSTEP_CONTAINERS")
    path = Path(chosen) if chosen else Path(__file__).parents[2] / ".nox" / "containers"
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


def key_of(*parts: str | bytes) -> str:
    """Twelve hexadecimal characters that change when any part does."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(content) + content)
    return digest.hexdigest()[:12]


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold `name` against every other process; the kernel lets go when the holder dies."""
    with (kept_directory() / f".{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """The directory `name` there, filled by `make` when it is not there yet; never half-filled."""
    target = kept_directory() / name
    with locked(name):
        if not target.exists():
            fresh = Path(tempfile.mkdtemp(dir=kept_directory(), prefix=f"{name}."))
            try:
                make(fresh)
                fresh.chmod(0o755)
                fresh.rename(target)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return target
