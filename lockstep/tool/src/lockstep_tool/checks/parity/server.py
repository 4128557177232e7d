"""The check `server`: whether an environment has a server definition in force, and the same as the first one."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]

ELSEWHERE = {"host", "port", "workers"}  # values that each environment may set by its variables


def find(comparison: Comparison) -> Iterator[Finding]:
    """A definition that is missing or wrong, and values that differ between environments."""
    there = comparison.fingerprint["server"]
    if there is None:
        yield comparison.finding(CHECK, "no server definition is installed")
        return
    if "error" in there:
        what = str(there["error"]).splitlines()[0]
        yield comparison.finding(CHECK, what, fix="uv run noxfile.py -s serve   (says what to mend)")
    here = (comparison.first.fingerprint["server"] if comparison.first else None) or {}
    for name in sorted(set(here) & set(there)):
        if here[name] != there[name]:
            yield comparison.difference(
                CHECK,
                f"{name} = {there[name]}",
                str(here[name]),
                fix=f"set {name} alike in both environments",
                severity=Severity.ALLOWED if name in ELSEWHERE else Severity.ERROR,
            )


CHECK = Check(
    name="server",
    session="parity",
    asks="The server definition in force: model, workers, timeouts, limits.",
    why="A variable that is set in one environment only makes a server that nobody tried elsewhere.",
    allowed="Where it listens, and the number of workers.",
    fix="set the value in server.toml, or alike in all environments",
    find=find,
)
