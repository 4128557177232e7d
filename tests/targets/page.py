"""The page with a row for each target, of which a run replaces its own."""

import datetime
from collections.abc import Sequence
from pathlib import Path

__all__ = ["PAGE", "failed_row", "write_row"]

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "where-it-was-run.md"
HEAD = """\
# Where it was run

Written by `uv run noxfile.py -s targets -- --write`, a row for each target, when it last ran.
Each run makes services from the template, starts them there, and fails unless it sees every point of its row.

| target | run by | on | what was seen |
|---|---|---|---|
"""


def write_row(name: str, by: str, seen: Sequence[str], order: Sequence[str]) -> None:
    """Put a target's row into the page; `order` is that of all targets."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    rows = read_rows() | {name: f"| {name} | {by} | {today} | {'<br>'.join(seen)} |"}
    PAGE.write_text(HEAD + "\n".join(rows[one] for one in order if one in rows) + "\n", encoding="utf-8")


def failed_row(reason: str) -> Sequence[str]:
    """What a row says of a target that cannot run here."""
    return [f"**not run**: {reason.strip().splitlines()[0]}"]


def read_rows() -> dict[str, str]:
    """Each row by its target."""
    lines = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else []
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines if line.startswith("| ") and "run by" not in line}
