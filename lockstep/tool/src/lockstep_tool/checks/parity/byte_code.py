"""The check `byte code`: whether compiled files are what the source beside them compiles to."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """Those whose header says that they are of another source, and those whose code is of another one."""
    seen = comparison.fingerprint["byte_code"]
    if stale := seen["stale"]:
        yield comparison.finding(CHECK, f"does not match its source: {name_few(stale)}")
    if other := seen["other"]:
        yield comparison.finding(CHECK, f"is not what its source compiles to: {name_few(other)}")


CHECK = Check(
    name="byte code",
    session="parity",
    asks="Compiled files against what the interpreter makes of the source beside them.",
    why="Python runs the compiled file and shows the source in tracebacks.",
    allowed="Never.",
    fix="build the environment again, or delete the __pycache__ that is named",
    find=find,
)
