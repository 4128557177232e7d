"""The page with a row for each target, of which a run replaces its own."""

import datetime
from collections.abc import Sequence
from pathlib import Path

__all__ = ["PAGE", "failed_row", "write_row"]

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "where-it-was-run.md"
HEAD = """\
# Where it was run

Written by `uv run noxfile.py -s targets -- --write`, a row for each target, when it last ran and how long that took.
Each run makes services from the template and starts them there. A point is written once it is seen;
a run fails at the first that is not.

| target | run by | on | what was seen |
|---|---|---|---|
"""
FOOT = """
The units under [systemd](../how-to/deploy-without-losing-a-request.md#with-systemd) of Debian 13 also run in the default suite.
`uv run noxfile.py -s engines` builds the image with [each container engine](image-engines.md).
"""


def write_row(name: str, by: str, seen: Sequence[str], order: Sequence[str], page: Path = PAGE, *, seconds: float) -> None:
    """Put a target's row into the page, after so many seconds; `order` is that of all targets."""
    when = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, {max(1, round(seconds / 60))} min"
    rows = read_rows(page) | {name: f"| {name} | {by} | {when} | {'<br>'.join(seen)} |"}
    page.write_text(HEAD + "\n".join(rows[one] for one in order if one in rows) + "\n" + FOOT, encoding="utf-8")


def failed_row(reason: str) -> Sequence[str]:
    """What a row says of a target that cannot run here."""
    return [f"**not run**: {reason.strip().splitlines()[0]}"]


def read_rows(page: Path) -> dict[str, str]:
    """Each row by its target."""
    lines = page.read_text(encoding="utf-8").splitlines() if page.exists() else []
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines if line.startswith("| ") and "run by" not in line}
