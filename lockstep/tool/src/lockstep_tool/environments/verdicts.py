"""Remember which byte code is what its source compiles to, so that nobody compiles the same again to see it.

A verdict is a hash over source, compiled file and interpreter, so it is worth the same wherever it was given. Whoever looks
reads all files anew, and forms the hash of what it has read.
"""

import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["recall_verdicts", "remember_verdicts"]

MOST = 12_000  # verdicts, of which an image with fifty packages has three thousand; the oldest go first


def recall_verdicts() -> list[str]:
    """Those that are remembered on this machine, the oldest first."""
    try:
        return verdicts_file().read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []


def remember_verdicts(new: Iterable[str]) -> None:
    """Put them behind the others; of two processes that do so at once, one may be forgotten."""
    if fresh := list(dict.fromkeys(new)):
        path = verdicts_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text("\n".join([*recall_verdicts(), *fresh][-MOST:]) + "\n", encoding="ascii")
        partial.replace(path)


def verdicts_file() -> Path:
    """Below the user's cache directory."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "lockstep" / "byte-code.txt"
