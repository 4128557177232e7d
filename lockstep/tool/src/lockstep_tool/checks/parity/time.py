"""The check `time`: whether an environment is in UTC, with the time zone data of the first one."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """Another zone than UTC, and data of another version."""
    there = comparison.fingerprint["time"]
    if there["zone"] != "UTC":
        severity = Severity.ALLOWED if comparison.environment.kind == "laptop" else Severity.ERROR
        yield comparison.finding(CHECK, f"is in {there['zone']}, not in UTC", fix="set TZ=UTC there", severity=severity)
    here = comparison.first.fingerprint["time"] if comparison.first else there
    if here["data"] != there["data"]:
        yield comparison.difference(CHECK, f"zone data: {there['data']}", here["data"], severity=Severity.ALLOWED)


CHECK = Check(
    name="time",
    session="parity",
    asks="The time zone, and the version of its data.",
    why="A timestamp without a zone means another moment elsewhere.",
    allowed="On a laptop. Data of another version.",
    fix="TZ=UTC in the environment that is named",
    find=find,
)
