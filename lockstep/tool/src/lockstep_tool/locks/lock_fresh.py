"""uv's own check of a lock, with nothing around it that could move the verdict."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.files.faults import Fault
from lockstep_tool.hermetic import environment
from lockstep_tool.versions import exact_python, lower_bound

__all__ = ["stale"]

OUTDATED = 1  # uv's exit code; others say that it could not judge


def stale(root: Path) -> Iterator[Fault]:
    """A lock that does not answer pyproject.toml, or that uv cannot read; raises Refusal when uv cannot judge here."""
    command = ["uv", "lock", "--check", "--offline", "--no-progress", "--project", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=root, check=False)
    told = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["no output"]
    if "Required uv version" in done.stderr or "No interpreter found" in done.stderr:
        python = "interpreter" in done.stderr
        raise Refusal(
            "The lock cannot be judged with what this machine has.",
            [("uv lock --check", line) for line in told[-2:]],
            f"Run `uv python install {exact_python(root)}`." if python else f"Run `uvx uv@{lower_bound(root)} run noxfile.py`.",
            code=COULD_NOT_LOOK,
        )
    if done.returncode == OUTDATED:
        reasons = [line for line in told if not line.startswith(("Using ", "Resolved ", "hint:"))]
        yield Fault(
            "lock fresh",
            "uv.lock does not answer pyproject.toml.",
            tuple(("uv lock --check", line) for line in (reasons or told)[-3:]),
            "Run `uv lock` (after a conflict: `uv run noxfile.py -s relock`), then commit both files.",
        )
    elif done.returncode:
        yield Fault(
            "lock fresh",
            "uv cannot read pyproject.toml and uv.lock together.",
            tuple(("uv lock --check", line) for line in told[-4:]),
            "Mend what uv names, or restore both from git.",
        )
