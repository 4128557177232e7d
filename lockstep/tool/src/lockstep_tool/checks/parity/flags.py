"""The check `flags`: whether interpreter flags, encodings and locale are those of the first environment."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """Each that differs; a locale says nothing where text is UTF-8 in both."""
    if comparison.first is None:
        return
    there, here = comparison.fingerprint["flags"], comparison.first.fingerprint["flags"]
    for name in sorted(here):
        if here[name] != there[name]:
            idle = name == "locale" and {here["text_encoding"], there["text_encoding"]} == {"utf-8"}
            severity = Severity.ALLOWED if idle else Severity.ERROR
            yield comparison.difference(CHECK, f"{name} = {there[name]!r}", repr(here[name]), severity=severity)


CHECK = Check(
    name="flags",
    session="parity",
    asks="Interpreter flags, encodings and locale.",
    why="They decide what a file's text is and whether assertions run.",
    allowed="Another locale, while UTF-8 mode makes it say nothing.",
    fix="start it as `python -m lockstep_serve serve`, which sets them",
    find=find,
)
