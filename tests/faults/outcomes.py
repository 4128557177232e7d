"""What was seen of each fault, kept in a file, so that a run that ended half-way goes on where it was."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from .fault import Fault
from .table import Outcome
from .today import TOOLS

__all__ = ["keep_outcome", "recall_outcomes"]


def keep_outcome(file: Path, outcome: Outcome) -> None:
    """One line more."""
    said = {"said": outcome.said, "today": outcome.today, "failure": outcome.failure, "unseen": outcome.unseen}
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"name": outcome.fault.name, **said}) + "\n")


def recall_outcomes(file: Path, faults: Iterable[Fault]) -> Mapping[str, Outcome]:
    """Name → the last outcome of each of these faults; none of a fault that was not caught."""
    if not file.is_file():
        return {}
    rows = {row["name"]: row for row in map(json.loads, file.read_text(encoding="utf-8").splitlines())}
    known = ((fault, rows[fault.name]) for fault in faults if fault.name in rows)
    return {
        fault.name: Outcome(fault, row["said"], row["today"])
        for fault, row in known
        if not row["failure"] and not row["unseen"] and list(row["today"]) == list(TOOLS)
    }
