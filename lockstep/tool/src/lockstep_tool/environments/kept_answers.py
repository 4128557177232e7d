"""`prove` has a production server up anyway: what that one answers is kept for the `parity` of the same run."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lockstep_tool.environments.asking import UNKNOWN
from lockstep_tool.stand_ins import this_run

__all__ = ["KEPT", "Answers", "keep", "kept"]

KEPT = Path(".nox", "answers.json")  # not in .lockstep, which CI keeps: bodies are the service's own affair

Answers = dict[str, Any]  # path → what asking.py says of it


def keep(root: Path, environment: str, answers: Answers) -> str:
    """Write them down for the sessions of this run: they have the same settings."""
    (root / KEPT).parent.mkdir(exist_ok=True)
    document = {"run": this_run(), "environment": environment, "answers": answers}
    (root / KEPT).write_text(json.dumps(document), encoding="utf-8")
    return f"{len(answers)} answers"


def kept(root: Path, environment: str, paths: Iterable[str]) -> Answers | None:
    """What was written down in this run, of this environment and of these paths; None otherwise."""
    try:
        document = json.loads((root / KEPT).read_text(encoding="utf-8"))
        found: Answers = document["answers"]
        fits = (document["run"], document["environment"]) == (this_run(), environment)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if fits and set(found) == {*paths, UNKNOWN} else None
