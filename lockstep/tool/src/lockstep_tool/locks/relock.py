"""Bring `uv.lock` back to pyproject.toml: after a template update merged it with conflicts, or after an edit.

Where both sides changed the same lines the service's are taken, and the template's other changes stay; uv then makes
the whole answer pyproject.toml, and keeps each version that still fits. A merge may name a package whose own block the
other side took away, also without a conflict, and uv refuses to read that. Then the template's lines are taken, and
last the lock as the service had committed it. Nothing of pyproject.toml is touched.

uv keeps the hash of a wheel in the repository whose content changed under the same name (0.13.9), so it is restated
first; uv then notices by itself where the wheel also asks for other packages.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lockstep_serve.environment import sha256
from lockstep_serve.errors import Refusal
from lockstep_tool.hermetic import environment

__all__ = ["relock", "restate_hashes"]

CONFLICT = re.compile(
    r"(?ms)^<<<<<<<[^\n]*\n(?P<ours>.*?)(?:^\|\|\|\|\|\|\|[^\n]*\n.*?)?(?:^=======\n(?P<theirs>.*?)^>>>>>>>[^\n]*\n|(?P<rest>\Z))"
)


def relock(root: Path) -> str:
    """Return what was done, in one line; raises Refusal when pyproject.toml has conflicts or uv cannot lock."""
    lock = root / "uv.lock"
    before = lock.read_bytes()
    if re.search("^<<<<<<<", (root / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE):
        raise Refusal(
            "pyproject.toml has conflict markers, so there is nothing to lock yet.",
            [("pyproject.toml", "<<<<<<<")],
            "Resolve them, then run `uv run noxfile.py -s relock` again.",
        )
    failures = []
    for how, text in beginnings(root, before.decode("utf-8", "replace")):
        lock.write_text(restate_hashes(root, text), encoding="utf-8")
        done = subprocess.run(
            ["uv", "lock", "--project", str(root)], capture_output=True, text=True, env=environment(), check=False
        )
        if done.returncode == 0:
            changed = [line for line in done.stderr.splitlines() if line.startswith(("Added", "Updated", "Removed"))]
            return f"uv.lock {how}locked: {len(changed)} packages changed"
        failures.append(done.stderr.strip().splitlines()[-6:])
    lock.write_bytes(before)
    raise Refusal("uv cannot lock.", [("uv lock", line) for line in failures[0]], "Mend pyproject.toml.")


def restate_hashes(root: Path, text: str) -> str:
    """The text of a lock with the hash of each wheel that lies in the repository as it is now."""
    for path in set(re.findall(r'^source = \{ path = "([^"]+\.whl)" \}$', text, re.MULTILINE)):
        if (root / path).is_file():
            entry = rf'(filename = "{re.escape(Path(path).name)}", hash = )"[^"]*"'
            text = re.sub(entry, rf'\1"sha256:{sha256(root / path)}"', text)
    return text


def beginnings(root: Path, before: str) -> Iterator[tuple[str, str]]:
    """What uv may start from, the best first, each with how it came about."""
    if "<<<<<<<" not in before:
        yield "", before
        if (committed := read_revision(root, "HEAD")) not in (None, before):
            yield "taken from the last commit and ", committed or ""
        return
    sides = [read_revision(root, stage) for stage in (":2", ":1", ":3")]  # ours, base, theirs
    if None not in sides:
        texts = [side or "" for side in sides]
        yield "merged and ", merge_sides(texts, "--ours")
        yield "merged, the template's lines taken, and ", merge_sides(texts, "--theirs")
        yield "taken from before the update and ", texts[0]
        return
    # The conflict was committed, or written by hand: git no longer has its sides, the text has.
    yield "merged and ", take_side(before, "ours")
    yield "merged, the other side's lines taken, and ", take_side(before, "theirs")
    if "<<<<<<<" not in (committed := read_revision(root, "HEAD") or "<<<<<<<"):
        yield "taken from the last commit and ", committed


def take_side(text: str, side: str) -> str:
    """The text with one side of each conflict in it."""
    return CONFLICT.sub(lambda found: found[side] or "", text)


def read_revision(root: Path, revision: str) -> str | None:
    """uv.lock as git has it, in a commit or as a side of a conflict; None where it has not."""
    shown = subprocess.run(["git", "show", f"{revision}:./uv.lock"], cwd=root, capture_output=True, check=False)
    return None if shown.returncode else shown.stdout.decode("utf-8", "replace")


def merge_sides(sides: list[str], choice: str) -> str:
    """Ours, base and theirs merged, with one choice where both changed the same lines."""
    with tempfile.TemporaryDirectory() as directory:
        files = [Path(directory, str(number)) for number in range(3)]
        for file, text in zip(files, sides, strict=True):
            file.write_text(text, encoding="utf-8")
        done = subprocess.run(["git", "merge-file", choice, "-p", *map(str, files)], capture_output=True, check=False)
        return done.stdout.decode("utf-8", "replace")
