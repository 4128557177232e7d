"""Bring the locks along in an updated tree: merge what is in conflict by rule, and take the new wheels' hashes."""

from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.locks.relock import relock, restate_hashes
from lockstep_tool.service import TOOL_LOCK
from lockstep_tool.updating.checkout import git
from lockstep_tool.updating.wheels import FOLDER

__all__ = ["bring_locks"]


def bring_locks(tree: Path) -> str:
    """Make both locks answer what they are the locks of; returns why that cannot be done, or nothing."""
    if not (tree / "uv.lock").exists():
        return "uv.lock is not there"
    try:
        relock(tree)
        if is_unmerged(tree, TOOL_LOCK) or has_stale_hashes(tree / FOLDER):
            relock(tree / FOLDER)
    except Refusal as refusal:
        return " / ".join([refusal.wrong, *(text for _, text in refusal.where)])
    for lock in ("uv.lock", TOOL_LOCK):
        if is_unmerged(tree, lock):
            git(tree, "add", "--", lock)
    return ""


def is_unmerged(tree: Path, lock: str) -> bool:
    return bool(git(tree, "ls-files", "--unmerged", "--", lock))


def has_stale_hashes(project: Path) -> bool:
    """Whether the lock of a project has the hash of a wheel as it was before."""
    lock = project / "uv.lock"
    return lock.exists() and restate_hashes(project, text := lock.read_text(encoding="utf-8")) != text
