"""Parts of a page that sessions write, each under a heading of its own."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["UPDATE_FIGURES", "describe_run", "write_part"]

UPDATE_FIGURES = Path(__file__).parents[1] / "docs" / "explanation" / "update-figures.md"


def write_part(page: Path, heading: str, text: str) -> None:
    """Replace what stands under the heading; raises ValueError where the page has no such heading."""
    before, found, rest = page.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    if not found:
        raise ValueError(f"{page.name} has no heading {heading!r}")
    _, following, after = rest.partition("\n## ")
    page.write_text(f"{before}{found}\n{text.strip()}\n{following}{after}", encoding="utf-8")


def describe_run() -> str:
    """The day and the machine, for a sentence."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    return f"on {datetime.now(UTC):%Y-%m-%d}, on {machine}"
