"""Find the descendants of a process, from /proc or, where there is none, from `ps`."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

__all__ = ["find_descendants"]

LONGEST = 4096  # bytes of a line of /proc/PID/stat
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
        for number in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):  # it ended meanwhile
                # Without a file object: this is done over and over while something is waited for.
                file = os.open(f"/proc/{number}/stat", os.O_RDONLY)
                try:
                    stat = os.read(file, LONGEST).decode("utf-8", "replace")
                finally:
                    os.close(file)
                state, parent, _ = stat.rpartition(")")[2].split(maxsplit=2)
                yield int(number), int(parent), state
        return
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,state="], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        pid, parent, state = line.split()
        yield int(pid), int(parent), state
