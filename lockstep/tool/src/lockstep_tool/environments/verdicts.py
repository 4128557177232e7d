"""Remember which byte code is what its source compiles to, so that nobody compiles the same again to see it.

A verdict is a hash over source, compiled file and interpreter. Whoever looks reads all files anew, and forms the hash of
what it has read. It was given by the interpreter of the environment, so what one image says counts for this machine's
environments and for other images not at all, and what a container says is not remembered.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["HERE", "recall_verdicts", "remember_verdicts"]

HERE = "here"  # this machine's environments
MOST = 12_000  # verdicts of one source, of which an image with fifty packages has three thousand; the oldest go first
IMAGES = 8  # that are remembered


def recall_verdicts(image: str = "") -> list[str]:
    """Those of this machine's environments, the oldest first, and those of an image; for a container, `*`, of all images."""
    names = list_files() if image == "*" else [file_of(HERE), *([file_of(image)] if image else ())]
    return [verdict for path in names for verdict in read_verdicts(path)]


def remember_verdicts(name: str, new: Iterable[str]) -> None:
    """Put them behind the others of HERE, or of the image of that name; of two processes that do so at once, one may be
    forgotten.
    """
    if fresh := list(dict.fromkeys(new)):
        path = file_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text("\n".join([*read_verdicts(path), *fresh][-MOST:]) + "\n", encoding="ascii")
        partial.replace(path)
        for old in sorted(list_files(), key=lambda file: file.stat().st_mtime)[: -IMAGES - 1]:
            old.unlink(missing_ok=True)


def read_verdicts(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []


def list_files() -> list[Path]:
    return sorted(directory().glob("*.txt"))


def file_of(name: str) -> Path:
    return directory() / f"{name if name == HERE else hashlib.sha256(name.encode()).hexdigest()[:16]}.txt"


def directory() -> Path:
    """Below the user's cache directory."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lockstep" / "byte-code"
