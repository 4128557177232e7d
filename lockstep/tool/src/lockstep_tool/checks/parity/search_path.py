"""The check `search path`: whether modules are imported from the interpreter and the environment only."""

import os
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """One finding that names the other directories; those of PYTHONPATH are named by the check `ambient`."""
    seen = comparison.fingerprint
    stated = [os.path.realpath(entry) for entry in seen["ambient"].get("PYTHONPATH", "").split(os.pathsep)]
    if other := [entry for entry in seen["search_path"] if entry not in stated]:
        yield comparison.finding(CHECK, f"imports from {name_few(other)}, which no package owns")


CHECK = Check(
    name="search path",
    session="parity",
    asks="Directories on sys.path that belong neither to the interpreter nor to the environment.",
    why="What lies there is imported, and no lock knows it.",
    allowed="Never.",
    fix="take away what adds it: PYTHONPATH, a .pth file, the user's site directory",
    find=find,
)
