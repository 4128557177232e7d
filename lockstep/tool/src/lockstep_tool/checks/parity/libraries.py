"""The check `libraries`: whether an environment has the first one's OpenSSL, SQLite, C library and certificates."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.checks.parity.interpreter import MANAGED
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]

WITH_THE_INTERPRETER = {"openssl", "sqlite", "zlib", "expat"}


def find(comparison: Comparison) -> Iterator[Finding]:
    """Each that differs. In CI those that come with the interpreter must be the same on the same platform."""
    if comparison.first is None:
        return
    there, here = comparison.fingerprint["libraries"], comparison.first.fingerprint["libraries"]
    strict = comparison.strict and comparison.first.fingerprint["markers"] == comparison.markers
    for name in sorted(here):
        if here[name] != there[name]:
            severity = Severity.ERROR if strict and name in WITH_THE_INTERPRETER else Severity.ALLOWED
            yield comparison.difference(CHECK, f"{name} {there[name]}", here[name], fix=MANAGED, severity=severity)


CHECK = Check(
    name="libraries",
    session="parity",
    asks="OpenSSL, SQLite, zlib, expat, the C library and the certificates.",
    why="They come with the interpreter or the base system, and no lock pins them.",
    allowed="Where the base system brings its own; in CI, not those that come with the interpreter.",
    fix="UV_MANAGED_PYTHON=1 uv run noxfile.py",
    find=find,
)
