"""Leave the template; everything else stays and works."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_tool.updating.detaching import main


def run(words: Sequence[str], root: Path) -> int:
    return main(words)
