"""The check `unowned files`: whether every file on the import path, and every program, belongs to a package."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """One finding that names them."""
    if unowned := comparison.fingerprint["unowned"]:
        yield comparison.finding(CHECK, f"no package owns {name_few(unowned)}")


CHECK = Check(
    name="unowned files",
    session="parity",
    asks="Files and links on the import path, .pth files among them, and programs, that no package owns.",
    why="A .pth file runs at each start of the interpreter; a module that nobody installed hides a real one.",
    allowed="Never.",
    fix="build the environment again",
    find=find,
)
