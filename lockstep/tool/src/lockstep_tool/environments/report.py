"""Say a verdict: one table of places, every difference with its fix, allowed ones named; JSON and CI's own formats
beside it.
"""

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lockstep_tool.checks.of_environments import PLACE_FACETS
from lockstep_tool.environments.finding import Finding
from lockstep_tool.files.annotation import annotate, listening

__all__ = ["Row", "save", "say"]


@dataclass(frozen=True)
class Row:
    """A line of the table: a place, its environment id, Python, the number of packages, or why it was not looked at."""

    place: str
    environment: str = ""
    python: str = ""
    packages: int = 0
    unseen: str = ""


def say(rows: Sequence[Row], findings: Sequence[Finding], *, heading: str, left_out: Collection[str] = ()) -> str:
    """The report as text; the same input gives the same lines. Facets `left_out` were not asked for."""
    different, allowed = [f for f in findings if f.matters], [f for f in findings if f.allowed]
    open_questions = [f for f in findings if f.unseen]
    lines = [heading, "", *table(rows, findings), ""]
    if not different:
        named = {finding.facet for finding in findings} | set(left_out)
        agreeing = [facet for facet in PLACE_FACETS if facet not in named]
        lines.append(f"  {len(agreeing)} facets agree in every place that was looked at: {', '.join(agreeing)}")
    lines += [f"  - {facet}: not compared with these places" for facet in left_out]
    warned = [f for f in findings if f.warns]
    signs = (("✗", different), ("?", open_questions), ("!", warned))
    for sign, finding in ((sign, finding) for sign, group in signs for finding in group):
        lines.append(f"  {sign} {finding.facet:<11} {finding.place}: {finding.said}")
        lines.append(f"    fix:        {finding.fix}")
    lines += [f"  · {finding.facet:<11} {finding.place}: {finding.said}, allowed" for finding in allowed]
    unseen = [row.place for row in rows if row.unseen] + [f"{f.facet} of {f.place}" for f in open_questions]
    closing = f"{len(different)} differences matter, {len(allowed)} are allowed"
    closing += f", {len(warned)} warned of" if warned else ""
    lines += ["", closing + (f", not looked at: {', '.join(unseen)}." if unseen else ".")]
    return "\n".join(lines)


def table(rows: Sequence[Row], findings: Sequence[Finding]) -> list[str]:
    """One line a place."""
    width = max(len(row.place) for row in rows)
    lines = [f"  {'place':<{width}}  environment   python   packages  verdict"]
    for row in rows:
        if row.unseen:
            lines.append(f"  {row.place:<{width}}  {row.unseen}")
            continue
        matter = sum(f.place == row.place and f.matters for f in findings)
        verdict = f"{matter} differ" if matter else "the same"
        verdict = "" if row.place == "promise" else verdict
        lines.append(f"  {row.place:<{width}}  {row.environment}  {row.python:<8} {row.packages:>8}  {verdict}".rstrip())
    return lines


def save(directory: Path, rows: Sequence[Row], findings: Sequence[Finding], text: str) -> None:
    """Write report.json, and tell CI in its own words where it listens."""
    directory.mkdir(exist_ok=True)
    document = {"places": [asdict(row) for row in rows], "findings": [asdict(finding) for finding in findings]}
    (directory / "report.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (directory / "report.txt").write_text(text + "\n", encoding="utf-8")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(f"### Lockstep\n\n```text\n{text}\n```\n")
    if listening():
        for finding in findings:
            if finding.matters or finding.warns:
                level = "error" if finding.matters else "warning"
                said = f"{finding.place}: {finding.said} (fix: {finding.fix})"
                annotate(level, finding.at, finding.facet, said)
