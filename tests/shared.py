"""What several test processes make once: the first makes it, the others wait and take it."""

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

__all__ = ["make_once", "shared_folder"]


def shared_folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder that all processes of this run have in common."""
    base = factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "shared" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


def make_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """`folder`, made by whoever comes first; a failure leaves nothing, and the next one tries again."""
    done = folder.with_name(f"{folder.name}.done")
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make(folder)
            done.touch()
    return folder
