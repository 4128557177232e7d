"""One line a service, sorted; below it what is wrong, with its fix; the same as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.repositories.check import check_all, verdict
from lockstep_tool.repositories.check_look import ASKED, BADNESS, BROKEN, HOLDS, NONE, UNSEEN, WARNING, Checked

__all__ = ["COLUMNS", "show"]

COLUMNS = ("service", "broken", *ASKED)


def show(paths: Sequence[Path], *, sort: str, details: bool, save: Path | None, jobs: int | None) -> int:
    """Look, print, and return the exit code."""
    if sort not in COLUMNS:
        raise Refusal("There is no such column.", [("--sort", sort), ("columns", ", ".join(COLUMNS))], "Name one of them.")
    found = ordered(check_all(list(dict.fromkeys(paths)), jobs=jobs), sort)
    print("\n".join(table(found)))
    if details or len(found) == 1:
        for checked in found:
            print("\n".join(detailed(checked)))
    print(f"\n{summary(found)}")
    if save is not None:
        save.write_text(json.dumps(document(found), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return verdict(found)


def ordered(found: Sequence[Checked], column: str) -> list[Checked]:
    """By name; or the worst first."""
    by_name = sorted(found, key=lambda one: (one.name, str(one.path)))
    if column == "service":
        return by_name
    if column == "broken":
        return sorted(by_name, key=lambda one: (-one.count(BROKEN), -one.count(UNSEEN)))
    return sorted(by_name, key=lambda one: -BADNESS.index(one.verdict(column)))


def table(found: Sequence[Checked]) -> list[str]:
    """A heading and one line a service."""
    wide = max(len("service"), *(len(one.name) for one in found))
    lines = [f"  {'service':<{wide}}  " + "  ".join(ASKED) + "  broken"]
    for one in found:
        if one.unseen:
            lines.append(f"  {one.name:<{wide}}  not looked at: {one.unseen} ({one.path})")
            continue
        cells = [f"{one.verdict(facet):<{len(facet)}}" for facet in ASKED]
        lines.append(f"  {one.name:<{wide}}  {'  '.join(cells)}  {one.count(BROKEN)}")
    return lines


def detailed(checked: Checked) -> list[str]:
    """What was found in one repository, in the order of the columns; what there is not is not told."""
    lines = ["", str(checked.path)]
    for facet in ASKED:
        for look in checked.of(facet):
            if look.verdict == NONE:
                continue
            lines.append(f"  {look.verdict} {facet:<8} {look.said}")
            lines += [f"      {place}   {said}" for place, said in look.where]
            lines += [f"      fix: {look.fix}"] if look.fix else []
    return lines if len(lines) > 2 else []


def summary(found: Sequence[Checked]) -> str:
    """What the signs mean, and how many services there are of each kind."""
    broken = sum(bool(one.count(BROKEN)) for one in found)
    unseen = sum(bool(one.unseen or one.count(UNSEEN)) for one in found)
    signs = f"{HOLDS} holds  {NONE} nothing to look at  {WARNING} warning  {UNSEEN} not looked at  {BROKEN} broken"
    said = f"{len(found)} looked at: something is broken in {broken}, something could not be looked at in {unseen}."
    return f"  {signs}\n\n{said}"


def document(found: Sequence[Checked]) -> dict[str, object]:
    """Everything, for a program."""
    services = [
        {
            "path": str(one.path),
            "service": one.name,
            "unseen": one.unseen,
            "broken": one.count(BROKEN),
            "facets": {facet: one.verdict(facet) for facet in ASKED},
            "looks": [asdict(look) for look in one.looks],
        }
        for one in found
    ]
    return {"schema": "lockstep.check/1", "asked": dict(ASKED), "services": services}
