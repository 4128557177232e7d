"""One line a service, sorted; below it what is wrong, with its fix; the same as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Severity
from lockstep_tool.repositories.check import check_all, columns, verdict
from lockstep_tool.repositories.checked import HOLDS, NONE, SIGNS, Checked
from lockstep_tool.repositories.lock_files import Hosts

__all__ = ["ASKED", "show"]

ASKED = {column.name: column.asks for column in columns({}, {})}
BADNESS = (HOLDS, NONE, *SIGNS.values())


def show(paths: Sequence[Path], hosts: Hosts, *, sort: str, details: bool, save: Path | None, jobs: int | None) -> int:
    """Look, print, and return the exit code."""
    known = ("service", "broken", *ASKED)
    if sort not in known:
        raise Refusal("There is no such column.", [("--sort", sort), ("columns", ", ".join(known))], "Name one of them.")
    found = in_order(check_all(list(dict.fromkeys(paths)), hosts, jobs=jobs), sort)
    print("\n".join(table(found)))
    if details or len(found) == 1:
        for checked in found:
            print("\n".join(describe_findings(checked)))
    print(f"\n{summary(found)}")
    if save is not None:
        save.write_text(json.dumps(document(found), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return verdict(found)


def in_order(found: Sequence[Checked], column: str) -> list[Checked]:
    """By name; or the worst first."""
    by_name = sorted(found, key=lambda one: (one.name, str(one.path)))
    if column == "service":
        return by_name
    if column == "broken":
        return sorted(by_name, key=lambda one: (-one.count(Severity.ERROR), -one.count(Severity.UNKNOWN)))
    return sorted(by_name, key=lambda one: -BADNESS.index(one.sign(column)))


def table(found: Sequence[Checked]) -> list[str]:
    """A heading and one line a service."""
    wide = max(len("service"), *(len(one.name) for one in found))
    lines = [f"  {'service':<{wide}}  " + "  ".join(ASKED) + "  broken"]
    for one in found:
        if one.unseen:
            lines.append(f"  {one.name:<{wide}}  not looked at: {one.unseen} ({one.path})")
            continue
        cells = [f"{one.sign(name):<{len(name)}}" for name in ASKED]
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


def summary(found: Sequence[Checked]) -> str:
    """What the signs mean, and how many services there are of each kind."""
    warning, unknown, error = SIGNS.values()
    broken = sum(bool(one.count(Severity.ERROR)) for one in found)
    unseen = sum(bool(one.unseen or one.count(Severity.UNKNOWN)) for one in found)
    signs = f"{HOLDS} holds  {NONE} nothing to look at  {warning} warning  {unknown} not looked at  {error} broken"
    said = f"{len(found)} looked at: something is broken in {broken}, something could not be looked at in {unseen}."
    return f"  {signs}\n\n{said}"


def document(found: Sequence[Checked]) -> dict[str, object]:
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
    return {"schema": "lockstep.check/1", "asked": ASKED, "services": services}
