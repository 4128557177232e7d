# Lockstep's: the repair of the lock after an update. Change it by `copier update`, not by hand.
"""Bring `uv.lock` back to pyproject.toml: after a template update merged it with conflicts, or after an edit.

Where both sides changed the same lines the service's are taken, and the template's other changes stay; uv then makes
the whole answer pyproject.toml, and keeps each version that still fits. Nothing of pyproject.toml is touched.
"""

import subprocess
import tempfile
from pathlib import Path

from lockstep.errors import Refusal
from lockstep.hermetic import environment

__all__ = ["relock"]


def relock(root: Path) -> str:
    """Return what was done, in one line; raises Refusal when pyproject.toml has conflicts or uv cannot lock."""
    conflicted = "<<<<<<<" in (root / "uv.lock").read_text(encoding="utf-8")
    if "\n<<<<<<<" in (root / "pyproject.toml").read_text(encoding="utf-8"):
        raise Refusal(
            "pyproject.toml has conflict markers, so there is nothing to lock yet.",
            [("pyproject.toml", "<<<<<<<")],
            "Resolve them, then run `uv run noxfile.py -s relock` again.",
        )
    if conflicted:
        merge_stages(root)
    done = subprocess.run(
        ["uv", "lock", "--project", str(root)], capture_output=True, text=True, env=environment(), check=False
    )
    if done.returncode:
        raise Refusal(
            "uv cannot lock.",
            [("uv lock", line) for line in done.stderr.strip().splitlines()[-6:]],
            "Mend pyproject.toml.",
        )
    changed = [line for line in done.stderr.splitlines() if line.startswith(("Added", "Updated", "Removed"))]
    return f"uv.lock {'merged and ' if conflicted else ''}locked: {len(changed)} packages changed"


def merge_stages(root: Path) -> None:
    """Merge git's three stages of uv.lock again, taking the service's side where both changed the same lines."""
    with tempfile.TemporaryDirectory() as directory:
        files = []
        for stage in ("2", "1", "3"):  # ours, base, theirs
            shown = subprocess.run(["git", "show", f":{stage}:uv.lock"], cwd=root, capture_output=True, check=False)
            if shown.returncode:
                raise Refusal(
                    "uv.lock has conflict markers, and git no longer has the sides of the conflict.",
                    [("git show", f":{stage}:uv.lock is not there")],
                    "Take one side with `git checkout HEAD -- uv.lock`, then run this again.",
                )
            file = Path(directory, stage)
            file.write_bytes(shown.stdout)
            files.append(str(file))
        merged = subprocess.run(["git", "merge-file", "--ours", "-p", *files], capture_output=True, check=False)
        (root / "uv.lock").write_bytes(merged.stdout)
