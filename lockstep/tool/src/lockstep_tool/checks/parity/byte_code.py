"""The check `byte code`: whether compiled files belong to the source beside them."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """One finding that names those that do not."""
    if stale := comparison.fingerprint["byte_code"]["stale"]:
        yield comparison.finding(CHECK, f"does not match its source: {name_few(stale)}")


CHECK = Check(
    name="byte code",
    session="parity",
    asks="Compiled files against the source beside them.",
    why="Python runs the compiled file and shows the source in tracebacks.",
    allowed="Never.",
    fix="build the environment again, or delete the __pycache__ that is named",
    find=find,
)
