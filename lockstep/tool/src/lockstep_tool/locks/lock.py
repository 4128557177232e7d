"""Judge `uv.lock` without a network: fresh by uv's own check, honest by its structure, old enough by its upload times.

uv's check asks only whether the lock answers pyproject.toml; it accepts a lock whose files come from elsewhere.
"""

from collections.abc import Iterator
from pathlib import Path

from lockstep_tool.files.faults import Fault, judge
from lockstep_tool.lockfile import Lock, read_lock
from lockstep_tool.locks.cooldown import too_young
from lockstep_tool.locks.indexes import read_indexes, usual_index
from lockstep_tool.locks.lock_files import bad_files
from lockstep_tool.locks.lock_fresh import stale
from lockstep_tool.locks.lock_graph import astray
from lockstep_tool.locks.lock_history import otherwise_before
from lockstep_tool.locks.lock_platform import unfit
from lockstep_tool.locks.lock_root import unasked

__all__ = ["check", "faults"]

MOST = 10  # of one kind are told; the first line says how many there are


def check(root: Path) -> str:
    """Raise Refusal for a stale or dishonest lock; return what was looked at, with the warnings below it."""
    found = list(faults(root))
    warnings = judge("lock", found)
    count = len(read_lock(root / "uv.lock").packages) - 1
    said = f"uv.lock is fresh and honest: {count} packages, each file from its index, with its hash"
    return "\n".join([said, *warnings])


def faults(root: Path) -> Iterator[Fault]:
    """Everything that is wrong with the lock, and with the locks of the scripts beside it."""
    lock = read_lock(root / "uv.lock")
    yield from stale(root)
    yield from together(root, "uv.lock", lock)
    for script in sorted(root.glob("*.py.lock")):
        yield from together(root, script.name, read_lock(script))
    yield from too_young(root, lock)


def together(root: Path, name: str, lock: Lock) -> Iterator[Fault]:
    """What is dishonest in one lock, as one fault."""
    indexes = read_indexes(root) if name == "uv.lock" else {**read_indexes(root), **usual_index(lock)}
    found = [*bad_files(name, lock, indexes), *astray(name, lock)]
    if name == "uv.lock":
        found += [*unasked(lock), *unfit(root, lock)]
    found += otherwise_before(root, name, lock)
    if found:
        more = f" ({len(found)} places, {MOST} are told)" if len(found) > MOST else ""
        yield Fault(
            "lock honest",
            f"{name} is not what uv would have written{more}.",
            tuple((place, f"{said}   <- differs") for place, said in found[:MOST]),
            f"Restore it with `git checkout {name}`"
            + (", or run `uv lock --refresh` and review each line that changes." if name == "uv.lock" else "."),
        )
