"""Report findings: each in three parts for people, beside its line for CI, and as the verdict of a session."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity

__all__ = ["Findings", "annotate", "describe", "judge", "run_checks"]

PREFIX = {Severity.WARNING: "warning: ", Severity.ALLOWED: "allowed: "}
ORDER = tuple(Severity)
LEVELS = {Severity.ERROR: "error", Severity.UNKNOWN: "error", Severity.WARNING: "warning"}


class Findings(Refusal):
    """Everything that a session found, what is wrong first; its code is 2 when nothing is wrong, but not all was seen."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = sorted(findings, key=lambda finding: ORDER.index(finding.severity))
        first = self.findings[0]
        code = DIFFERENT if first.matters else COULD_NOT_LOOK
        super().__init__(first.what, first.where, first.fix, code=code)

    def __str__(self) -> str:
        return "\n\n".join(map(describe, self.findings))


def run_checks(checks: Iterable[Check], *given: object) -> Iterator[Finding]:
    """What each check finds in `given`. A check that refuses to look does not keep the others from looking; what several
    of them refuse for the same reason is said once.
    """
    refused = set()
    for check in checks:
        try:
            yield from check.find(*given)
        except Refusal as refusal:
            if (refusal.wrong, refusal.where) not in refused:
                severity = Severity.UNKNOWN if refusal.code == COULD_NOT_LOOK else Severity.ERROR
                yield Finding(check.name, refusal.wrong, refusal.where, refusal.fix, severity)
            refused.add((refusal.wrong, refusal.where))


def judge(session: str, findings: Iterable[Finding]) -> list[str]:
    """Raise Findings when one of them is an error, or could not be looked at; else return the others as text."""
    found = list(findings)
    annotate(session, found)
    if any(finding.severity in {Severity.ERROR, Severity.UNKNOWN} for finding in found):
        raise Findings(found)
    return [describe_briefly(finding) for finding in found]


def describe(finding: Finding) -> str:
    """A finding in three parts."""
    why = f"Why: uv run noxfile.py -s explain -- {finding.check}"
    what = f"{PREFIX.get(finding.severity, '')}{finding.what}"
    return str(Refusal(what, finding.where, f"{finding.fix}\n{why}"))


def describe_briefly(finding: Finding) -> str:
    """What needs nobody now, in two lines: it comes again with every run."""
    spot = f" ({finding.where[0][0]})" if finding.where else ""
    return f"{PREFIX.get(finding.severity, '')}{finding.what.removesuffix('.')}{spot}\n  {finding.fix.partition(chr(10))[0]}"


def annotate(session: str, findings: Iterable[Finding]) -> None:
    """Have GitHub show each finding beside the lines that are to blame, where this runs in one of its jobs.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    if not os.environ.get("GITHUB_ACTIONS"):
        return
    for finding in findings:
        level = LEVELS.get(finding.severity)
        blamed = [one for one in finding.where if "<-" in one[1]] or finding.where or ((finding.environment, ""),)
        for spot, said in blamed if level else ():
            text = " ".join(part for part in (finding.what, said.strip(), f"({finding.fix})") if part)
            title = f"lockstep {session}, {finding.check}"
            print(f"::{level} {position(spot)}title={title}::{escape(text)}", file=sys.stderr)


def position(spot: str) -> str:
    """`file:line` as a workflow command has it; nothing for what is no file, such as a command or an environment."""
    file, _, line = spot.partition(":")
    if not re.fullmatch(r"[\w./-]+:\d+|[\w./-]*[./][\w./-]*", spot):
        return ""
    return f"file={file}," + (f"line={line}," if line else "")


def escape(text: str) -> str:
    return text.replace("%", "%25").replace("\n", "%0A")
