"""The check `tools`: whether the uv and the nox that run here are the stated ones."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.environments.environment import Comparison
from lockstep_tool.versions import SOURCES

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """Each that has another version; a fingerprint from elsewhere does not say."""
    versions = comparison.service.versions
    for name, runs in comparison.fingerprint.get("tools", {}).items():
        if runs != versions[name]:
            yield comparison.finding(
                CHECK,
                f"{name} is {runs}, {SOURCES[name]} says {versions[name]}",
                fix=f"uvx uv@{versions['uv']} run noxfile.py" if name == "uv" else "uv run noxfile.py",
                where=((SOURCES[name], versions[name]),),
                severity=Severity.ALLOWED if (name, comparison.environment.kind) == ("uv", "laptop") else Severity.ERROR,
            )


CHECK = Check(
    name="tools",
    session="parity",
    asks="The uv and the nox that run here, against uv.toml and noxfile.py.lock.",
    why="Another uv may write another lock.",
    allowed="On a laptop, another uv inside required-version.",
    fix="uvx uv@VERSION run noxfile.py",
    find=find,
)
