"""Report what `parity` found: one table of environments, every difference with its fix, allowed ones named; JSON and
CI's own formats beside it.
"""

import json
import os
import re
import sys
import textwrap
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.checks.report import annotate

__all__ = ["Row", "describe_verdict", "print_report", "save_report"]

COLUMNS = 80
SIGNS = {Severity.ERROR: "✗", Severity.UNKNOWN: "?", Severity.WARNING: "!", Severity.ALLOWED: "·"}  # as they are listed
STYLES = {"✗": "red", "?": "yellow", "!": "yellow", "·": "dim"}


@dataclass(frozen=True)
class Row:
    """A line of the table: an environment, its id, Python, the number of packages, or why it was not looked at."""

    environment: str
    id: str = ""
    python: str = ""
    packages: int = 0
    unseen: str = ""


def describe_verdict(
    rows: Sequence[Row], findings: Sequence[Finding], checks: Iterable[str], *, heading: str, left_out: Collection[str] = ()
) -> str:
    """The report as text; the same input gives the same lines. `checks` are the names of those that there are, and
    `left_out` those that were not run.
    """
    by_severity = {severity: [f for f in findings if f.severity is severity] for severity in SIGNS}
    lines = [heading, "", *table(rows, findings), ""]
    if not by_severity[Severity.ERROR]:
        named = {finding.check for finding in findings} | set(left_out)
        agreeing = [check for check in checks if check not in named]
        text = f"{len(agreeing)} checks agree in every environment that was looked at: {', '.join(agreeing)}"
        lines += textwrap.wrap(text, COLUMNS, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    lines += [f"  - {check}: not compared with these environments" for check in left_out]
    for severity, sign in SIGNS.items():
        for finding in by_severity[severity]:
            allowed = ", allowed" if severity is Severity.ALLOWED else ""
            lines.append(f"  {sign} {finding.check:<13} {finding.environment}: {finding.what}{allowed}")
            lines += [] if allowed else [f"    fix:          {finding.fix}"]
    return "\n".join([*lines, "", closing(rows, by_severity)])


def closing(rows: Sequence[Row], by_severity: dict[Severity, list[Finding]]) -> str:
    """The verdict in one line."""
    matter, allowed = len(by_severity[Severity.ERROR]), len(by_severity[Severity.ALLOWED])
    warned, unknown = len(by_severity[Severity.WARNING]), by_severity[Severity.UNKNOWN]
    text = f"{matter} {'difference matters' if matter == 1 else 'differences matter'}"
    text += f", {allowed} {'is' if allowed == 1 else 'are'} allowed"
    text += f", {warned} warned of" if warned else ""
    unseen = [row.environment for row in rows if row.unseen] + [f"{f.check} of {f.environment}" for f in unknown]
    return text + (f", not looked at: {', '.join(unseen)}." if unseen else ".")


def table(rows: Sequence[Row], findings: Sequence[Finding]) -> list[str]:
    """One line an environment; the first row is what is declared, of which there is no verdict."""
    width = max(len(row.environment) for row in [*rows, Row("environment")])
    lines = [f"  {'environment':<{width}}  id            python   packages  verdict"]
    for row in rows:
        if row.unseen:
            lines.append(f"  {row.environment:<{width}}  {row.unseen}")
            continue
        matter = sum(f.environment == row.environment and f.matters for f in findings)
        verdict = f"{matter} differ{'s' * (matter == 1)}" if matter else "the same"
        verdict = "" if row.environment == "declared" else verdict
        lines.append(f"  {row.environment:<{width}}  {row.id}  {row.python:<8} {row.packages:>8}  {verdict}".rstrip())
    return lines


def print_report(text: str) -> None:
    """Print it; on a terminal with colours, which change no character of it."""
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.text import Text

    styled = Text(text)
    for sign, style in STYLES.items():
        styled.highlight_regex(rf"(?m)^  {re.escape(sign)} .*$", style)
    styled.highlight_regex(r"(?m)the same$", "green")
    styled.highlight_regex(r"(?m)\d+ differs?$", "red")
    Console(soft_wrap=True).print(styled)


def save_report(directory: Path, rows: Sequence[Row], findings: Sequence[Finding], text: str) -> None:
    """Write report.json and report.txt, and tell CI in its own words where it listens."""
    directory.mkdir(parents=True, exist_ok=True)
    document = {"environments": [asdict(row) for row in rows], "findings": [asdict(finding) for finding in findings]}
    (directory / "report.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (directory / "report.txt").write_text(text + "\n", encoding="utf-8")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(f"### Lockstep\n\n```text\n{text}\n```\n")
    annotate("parity", [replace(finding, what=f"{finding.environment}: {finding.what}") for finding in findings])
