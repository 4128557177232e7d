"""Look at an updated tree for what Copier leaves behind and calls success, and for what of the team's is lost."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.tree import ANSWERS
from lockstep_tool.updating.checkout import Checkout, git, list_changes
from lockstep_tool.updating.wheels import judge_wheels

__all__ = ["find_damage", "path_of", "session_finding"]

MARKER = re.compile(rb"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)
# Written by tools; what is the team's in them is in pyproject.toml and in the answers.
REMADE = (ANSWERS, "uv.lock", ".lockstep/uv.lock")
FIXES = {
    "conflict": "Edit it, keep what is right of both sides, then `git add {path}`.",
    "markers": "Edit it, keep what is right of both sides.",
    "rejected": "Put in by hand what {path} could not, then delete it.",
    "vanished": "Bring it back: `git checkout HEAD -- {path}`; or let it go, now that you know.",
    "replaced": "Keep yours: `git checkout HEAD -- {path}`, a wheel with its locks; or let it go, now that you know.",
    "lines": "Compare: `git diff HEAD -- {path}`, and write them again where they belong.",
    "unknown past": "Look through `git diff HEAD` yourself before you commit.",
    "lock": "Mend what it names, then run `uv run noxfile.py -s relock`.",
    "session": "Run `uv run noxfile.py -s {path}` to see it alone.",
}


def find_damage(here: Checkout, tree: Path, born: Path | None, lock: str) -> list[Finding]:
    """All of it, in the order in which it is mended; `lock` is why there is no lock.

    `born` is what the template of the service's own version gives for its own answers; None when it gives nothing.
    """
    unmerged = list_unmerged(tree)
    changed = list_changes(tree, here.head)
    return [
        *(damage("conflict", path, "both sides changed the same lines") for path in unmerged if not (lock and path == "uv.lock")),
        *find_markers(here, tree, [path for path in changed if path not in unmerged]),
        *(damage("rejected", path, "a change that did not fit") for path in changed if path.endswith(".rej")),
        *find_losses(here, tree, born, changed),
        *([damage("lock", "uv.lock", lock)] if lock else find_unlocked_wheels(tree, unmerged)),
    ]


def damage(check: str, path: str, what: str) -> Finding:
    """A finding about a file; `check` is one of FIXES."""
    return Finding(check, what, ((path, what),), FIXES[check].format(path=path))


def session_finding(session: str) -> Finding:
    """A session of the one command that fails after the update."""
    return damage("session", session, "it fails")


def path_of(finding: Finding) -> str:
    """The file that a finding is about, or the session."""
    return finding.where[0][0]


def list_unmerged(tree: Path) -> list[str]:
    return sorted(set(git(tree, "diff", "--name-only", "--diff-filter=U", "--relative", "-z").split("\0")) - {""})


def find_markers(here: Checkout, tree: Path, changed: list[str]) -> Iterator[Finding]:
    """Conflict markers in files that git takes for merged; those that were there before are not the update's."""
    for path in changed:
        before = len(MARKER.findall(here.read_committed(path) or b""))
        if len(MARKER.findall(read_file(tree / path))) > before:
            yield damage("markers", path, "it has conflict markers in it")


def find_losses(here: Checkout, tree: Path, born: Path | None, changed: list[str]) -> Iterator[Finding]:
    """Files and lines that the team wrote and that are not there after the update.

    What a rendering of the service's own version and answers does not have, the team wrote.
    """
    if born is None:
        what = "its version refuses its answers, so what you wrote cannot be told from what came"
        yield damage("unknown past", ANSWERS, what)
        return
    for path in changed:
        had, given = here.read_committed(path), read_file(born / path)
        if had is None or had == given or path in REMADE:
            continue
        if not (tree / path).exists():
            yield damage("vanished", path, "yours, or edited by you, and the template dropped it")
        elif b"\0" in had:
            yield damage("replaced", path, "yours, or changed by you, and the template replaced it")
        elif gone := count_lines(had) - count_lines(given) - count_lines(read_file(tree / path)):
            first = next(iter(gone)).decode(errors="replace").strip()
            rest = f" and {gone.total() - 1} more" if gone.total() > 1 else ""
            yield damage("lines", path, f"you wrote “{first[:60]}”{rest}")


def find_unlocked_wheels(tree: Path, unmerged: list[str]) -> Iterator[Finding]:
    """Wheels of the new version that its locks do not name; a lock in conflict is named already."""
    if any(path.endswith("uv.lock") for path in unmerged):
        return
    try:
        yield from judge_wheels(tree)
    except Refusal as refusal:
        yield damage("lock", "uv.lock", refusal.wrong)


def count_lines(text: bytes) -> Counter[bytes]:
    """Lines that say something; how far they are indented can change without a loss."""
    return Counter(line.strip() for line in text.splitlines() if line.strip())


def read_file(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else b""
