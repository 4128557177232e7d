"""Find the descendants of a process, from /proc or, where there is none, from `ps`."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

__all__ = ["find_descendants"]

DEAD = ("Z", "X")  # ended, and not yet taken note of


def find_descendants(root: int) -> set[int]:
    """The process itself and all that it started, as far as they live."""
    found, listed = {root}, list(list_processes())
    while more := {pid for pid, parent, _ in listed if parent in found and pid not in found}:
        found |= more
    return {pid for pid, _, state in listed if pid in found and not state.startswith(DEAD)}


def list_processes() -> Iterator[tuple[int, int, str]]:
    """Every process: its number, its parent's, its state."""
    if Path("/proc/self/stat").exists():
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                number, _, rest = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")
            except OSError:  # it ended meanwhile
                continue
            state, parent, *_ = rest.split()
            yield int(number.split()[0]), int(parent), state
        return
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,state="], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        pid, parent, state = line.split()
        yield int(pid), int(parent), state
