"""Serve the checkout, and start again when a source file changes."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_tool.sessions import replace_by_server


def run(words: Sequence[str], root: Path) -> int:
    replace_by_server(root, words, reload=True)
