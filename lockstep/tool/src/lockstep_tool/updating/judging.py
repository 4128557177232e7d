"""Look at an updated tree for what Copier leaves behind and calls success, and for what of the team's is lost."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lockstep_tool.updating.checkout import ANSWERS, Checkout, changes, git

__all__ = ["Fault", "faults"]

MARKER = re.compile(rb"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)
# Written by tools; what is the team's in them is in pyproject.toml and in the answers.
REMADE = (ANSWERS, "uv.lock")
NEXT = {
    "conflict": "Edit it, keep what is right of both sides, then `git add {path}`.",
    "markers": "Edit it, keep what is right of both sides.",
    "rejected": "Put in by hand what {path} could not, then delete it.",
    "vanished": "Bring it back: `git checkout HEAD -- {path}`; or let it go, now that you know.",
    "lines": "Compare: `git diff HEAD -- {path}`, and write them again where they belong.",
    "unseen": "Look through `git diff HEAD` yourself before you commit.",
    "lock": "Mend what it names, then run `uv run noxfile.py -s relock`.",
    "proof": "Run `uv run noxfile.py -s {path}` to see it alone.",
}


@dataclass(frozen=True)
class Fault:
    """Why an update is not done: one of the kinds of `NEXT`, the file (or session), and what was seen."""

    kind: str
    path: str
    said: str

    @property
    def remedy(self) -> str:
        return NEXT[self.kind].format(path=self.path)


def faults(here: Checkout, tree: Path, born: Path | None, lock: str) -> list[Fault]:
    """All of them, in the order in which they are mended; `lock` is why there is no lock."""
    unmerged = sorted(set(git(tree, "diff", "--name-only", "--diff-filter=U", "--relative", "-z").split("\0")) - {""})
    changed = changes(tree, here.head)
    return [
        *(Fault("conflict", path, "both sides changed the same lines") for path in unmerged if not (lock and path == "uv.lock")),
        *marked(here, tree, [path for path in changed if path not in unmerged]),
        *(Fault("rejected", path, "a change that did not fit") for path in changed if path.endswith(".rej")),
        *lost(here, tree, born, changed),
        *([Fault("lock", "uv.lock", lock)] if lock else []),
    ]


def marked(here: Checkout, tree: Path, changed: list[str]) -> Iterator[Fault]:
    """Conflict markers in files that git takes for merged; those that were there before are not the update's."""
    for path in changed:
        before = len(MARKER.findall(here.show(path) or b""))
        if contents(tree / path) and len(MARKER.findall(contents(tree / path))) > before:
            yield Fault("markers", path, "it has conflict markers in it")


def lost(here: Checkout, tree: Path, born: Path | None, changed: list[str]) -> Iterator[Fault]:
    """Files and lines that the team wrote and that are not there after the update.

    What a rendering of the service's own version and answers does not have, the team wrote.
    """
    if born is None:
        yield Fault("unseen", ANSWERS, "its version refuses its answers, so what you wrote cannot be told from what came")
        return
    for path in changed:
        had = here.show(path)
        if had is None or path in REMADE:
            continue
        given = contents(born / path)
        if not (tree / path).exists():
            if had != given:
                yield Fault("vanished", path, "yours, or edited by you, and the template dropped it")
            continue
        written = lines(had) - lines(given)
        gone = written - lines(contents(tree / path))
        if gone:
            first = next(iter(gone)).decode(errors="replace").strip()
            rest = f" and {gone.total() - 1} more" if gone.total() > 1 else ""
            yield Fault("lines", path, f"you wrote “{first[:60]}”{rest}")


def lines(text: bytes) -> Counter[bytes]:
    """Lines that say something; how far they are indented can change without a loss."""
    return Counter(line.strip() for line in text.splitlines() if line.strip())


def contents(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else b""
