"""Measure every server model that fits, side by side."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_tool.bench.bench import main


def run(words: Sequence[str], root: Path) -> int:
    return main(words)
