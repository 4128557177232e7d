"""The check `uv settings`: whether anything on this machine would change what uv resolves or installs."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """One finding for each variable and for each file; a fingerprint from elsewhere does not say."""
    for setting in comparison.fingerprint.get("uv_settings", ()):
        what = f"{setting}: uv typed by hand does something else"
        yield comparison.finding(CHECK, what, fix=f"take {setting} away")


CHECK = Check(
    name="uv settings",
    session="parity",
    asks="Variables of uv, and uv.toml of the user and the system, that could change what uv resolves or installs.",
    why="Lockstep's commands leave them aside; uv typed by hand does not.",
    allowed="Always: it is named, since verdicts do not depend on it.",
    fix="unset the variable, or move the setting into the service's uv.toml",
    find=find,
    severity=Severity.WARNING,
)
