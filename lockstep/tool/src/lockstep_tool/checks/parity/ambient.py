"""The check `ambient`: whether variables reach into the interpreter from outside."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.environments.environment import Comparison
from lockstep_tool.stand_ins import hide_value

__all__ = ["CHECK"]

# They change what a person sees who types, and nothing of a server.
INTERACTIVE = {"PYTHONSTARTUP", "PYTHON_BASIC_REPL", "PYTHON_COLORS", "PYTHON_HISTORY"}


def find(comparison: Comparison) -> Iterator[Finding]:
    """One finding for each variable."""
    for name, value in comparison.fingerprint["ambient"].items():
        shown = hide_value(comparison.service, name, value)
        idle = name in INTERACTIVE and comparison.environment.kind == "laptop"
        yield comparison.finding(
            CHECK,
            f"{name}={shown}",
            fix=f"unset {name}",
            where=((name, shown),),
            severity=Severity.ALLOWED if idle else Severity.ERROR,
        )


CHECK = Check(
    name="ambient",
    session="parity",
    asks="Variables that the interpreter or the dynamic linker reads, by the interpreter's own list, beside those declared.",
    why="They change what is imported, linked or run, and are in no file.",
    allowed="On a laptop, those that only change what a person sees who types.",
    fix="unset the variable that is named",
    find=find,
)
