"""The check `ambient`: whether variables reach into the interpreter from outside."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """One finding for each variable."""
    for name, value in comparison.fingerprint["ambient"].items():
        yield comparison.finding(CHECK, f"{name}={value}", fix=f"unset {name}", where=((name, value),))


CHECK = Check(
    name="ambient",
    session="parity",
    asks="PYTHONPATH, LD_PRELOAD and others that reach into the interpreter.",
    why="They change what is imported or linked, and are in no file.",
    allowed="Never.",
    fix="unset the variable that is named",
    find=find,
)
