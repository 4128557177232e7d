"""One line a service, sorted; below it what is wrong, with its fix; the same as JSON, Markdown and HTML."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Severity
from lockstep_tool.repositories.check import check_all, columns, verdict
from lockstep_tool.repositories.checked import HOLDS, NONE, SIGNS, Checked
from lockstep_tool.repositories.lock_files import Hosts
from lockstep_tool.repositories.pages import BADNESS, format_html, format_markdown
from lockstep_tool.repositories.trend import SCHEMA, Trend, read_trend

__all__ = ["ASKED", "show"]

ASKED = {column.name: column.asks for column in columns({}, {})}
WARNING, UNKNOWN, ERROR = SIGNS.values()
SIGNS_MEAN = f"{HOLDS} holds  {NONE} nothing to look at  {WARNING} warning  {UNKNOWN} not looked at  {ERROR} broken"


def show(
    paths: Sequence[Path],
    hosts: Hosts,
    *,
    sort: str,
    details: bool,
    save: Mapping[str, Path | None],
    since: Path | None,
    jobs: int | None,
) -> int:
    """Look, print, and return the exit code. `save` has a file for each form that is asked for: json, markdown, html."""
    known = ("service", "broken", *ASKED)
    if sort not in known:
        raise Refusal("There is no such column.", [("--sort", sort), ("columns", ", ".join(known))], "Name one of them.")
    trend = read_trend(since)
    found = in_order(check_all(list(dict.fromkeys(paths)), hosts, jobs=jobs), sort)
    print("\n".join(table(found, trend)))
    if details or len(found) == 1:
        for checked in found:
            print("\n".join(describe_findings(checked)))
    print(f"\n  {SIGNS_MEAN}\n\n{summary(found, trend)}")
    day = datetime.now(UTC).date().isoformat()
    forms = {
        "json": lambda: json.dumps(document(found, day), indent=1, ensure_ascii=False) + "\n",
        "markdown": lambda: format_markdown(found, ASKED, trend, day, summary(found, trend)),
        "html": lambda: format_html(found, ASKED, trend, day, summary(found, trend)),
    }
    for form, path in save.items():
        if path is not None:
            path.write_text(forms[form](), encoding="utf-8")
    return verdict(found)


def in_order(found: Sequence[Checked], column: str) -> list[Checked]:
    """By name; or the worst first."""
    by_name = sorted(found, key=lambda one: (one.name, str(one.path)))
    if column == "service":
        return by_name
    if column == "broken":
        return sorted(by_name, key=lambda one: (-one.count(Severity.ERROR), -one.count(Severity.UNKNOWN)))
    return sorted(by_name, key=lambda one: -BADNESS.index(one.sign(column)))


def table(found: Sequence[Checked], trend: Trend) -> list[str]:
    """A heading and one line a service."""
    wide = max(len("service"), *(len(one.name) for one in found))
    lines = [f"  {'service':<{wide}}  " + "  ".join(ASKED) + "  broken"]
    for one in found:
        if one.unseen:
            lines.append(f"  {one.name:<{wide}}  not looked at: {one.unseen} ({one.path})")
            continue
        cells = [f"{one.sign(name)}{trend.of(one, name)}".ljust(len(name)) for name in ASKED]
        lines.append(f"  {one.name:<{wide}}  {'  '.join(cells)}  {one.count(Severity.ERROR)}")
    return lines


def describe_findings(checked: Checked) -> list[str]:
    """What was found in one repository, in the order of the columns."""
    lines = ["", str(checked.path)]
    for finding in (finding for name in ASKED for finding in checked.of(name)):
        lines.append(f"  {SIGNS[finding.severity]} {finding.check:<8} {finding.what}")
        lines += [f"      {spot}   {said}" for spot, said in finding.where]
        lines += [f"      fix: {finding.fix}"] if finding.fix else []
    return lines if len(lines) > 2 else []


def summary(found: Sequence[Checked], trend: Trend) -> str:
    """How many services there are of each kind, and what has changed."""
    broken = sum(bool(one.count(Severity.ERROR)) for one in found)
    unseen = sum(bool(one.unseen or one.count(Severity.UNKNOWN)) for one in found)
    said = f"{len(found)} looked at: something is broken in {broken}, something could not be looked at in {unseen}."
    return " ".join(part for part in (said, trend.summarize(found, list(ASKED))) if part)


def document(found: Sequence[Checked], day: str) -> dict[str, object]:
    """Everything, for a program."""
    services = [
        {
            "path": str(one.path),
            "service": one.name,
            "unseen": one.unseen,
            "broken": one.count(Severity.ERROR),
            "checks": {name: one.sign(name) for name in ASKED},
            "findings": [asdict(finding) for finding in one.findings],
        }
        for one in found
    ]
    return {"schema": SCHEMA, "day": day, "asked": ASKED, "services": services}
