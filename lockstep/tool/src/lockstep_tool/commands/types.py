"""Check types; the words are mypy's."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_tool.sessions import run_module


def run(words: Sequence[str], root: Path) -> int:
    return run_module("mypy", words, root)
