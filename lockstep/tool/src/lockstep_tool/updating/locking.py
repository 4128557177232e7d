"""Bring the locks along in an updated tree: merge what is in conflict by rule, and take the new wheels' hashes."""

from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.locks.relock import relock
from lockstep_tool.updating.checkout import git
from lockstep_tool.updating.wheels import FOLDER, lock_wheels

__all__ = ["bring_locks"]


def bring_locks(tree: Path) -> str:
    """Make both locks answer what they are the locks of; returns why that cannot be done, or nothing."""
    if not (tree / "uv.lock").exists():
        return "uv.lock is not there"
    try:
        if is_unmerged(tree, f"{FOLDER}/uv.lock"):
            relock(tree / FOLDER)
        relock(tree)
        lock_wheels(tree)
    except Refusal as refusal:
        return " / ".join([refusal.wrong, *(said for _, said in refusal.where)])
    for lock in ("uv.lock", f"{FOLDER}/uv.lock"):
        if is_unmerged(tree, lock):
            git(tree, "add", "--", lock)
    return ""


def is_unmerged(tree: Path, lock: str) -> bool:
    return bool(git(tree, "ls-files", "--unmerged", "--", lock))
