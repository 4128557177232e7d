"""Ask what is known of the locked packages, and say what is to be moved, how, and what the team lives with."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from lockstep_tool import engine
from lockstep_tool.declared import read_promise
from lockstep_tool.files.faults import Fault, judge
from lockstep_tool.lockfile import spot
from lockstep_tool.markers import version as numbers
from lockstep_tool.supply.ignored import Ignored, read_rules
from lockstep_tool.supply.osv import Advisory, known
from lockstep_tool.supply.sarif import sarif

__all__ = ["audit"]

FOLDER = Path(".lockstep")


def audit(root: Path, *, everything: bool = False, seconds: float = 30) -> str:
    """Say what is known of the production set, or of `everything` that is locked, with what the team ignores.

    `seconds` are for each answer. Raises Refusal for what is not ignored, with code 2 when nobody can be asked.
    """
    promise, rules = read_promise(root), read_rules(root)
    today = datetime.now(UTC).date()
    registered = [one for one in promise.lock.packages if "registry" in one["source"]]
    chosen = registered if everything else promise.packages(engine.markers_of_image(promise.python)).values()
    asked = sorted({(str(one["name"]), str(one["version"])) for one in chosen})
    found = [one for several in rounds(asked) for one in known(rules.service, several, seconds)]
    by_id = {rule.id: rule for rule in rules.ignored if rule.until >= today}
    open_ones = [one for one in found if not by_id.keys() & set(one.names)]
    lived_with = [one for one in found if one not in open_ones]
    places = {(one["name"], one["version"]): spot("uv.lock", promise.lock, one) for one in registered}
    save(root, rules.service, asked, found, open_ones, places)
    what = "locked packages" if everything else "packages of the production set"
    lines = [f"{rules.service} was asked for {len(asked)} {what}: {len(found)} known vulnerabilities"]
    for one in lived_with:
        rule = next(by_id[name] for name in one.names if name in by_id)
        lines.append(f"  · {one.package} {one.version}: {rule.id} ignored until {rule.until}: {rule.reason}")
    faults = [*vulnerable(open_ones, places), *outdated(rules.ignored, found, today)]
    return "\n".join([*lines, *judge("audit", faults)])


def rounds(packages: Sequence[tuple[str, str]]) -> Iterator[Mapping[str, str]]:
    """Name → version, as often as one name has several: platforms may differ in it."""
    left = list(packages)
    while left:
        now = dict(reversed(left))
        yield now
        left = [one for one in left if one not in now.items()]


def vulnerable(found: Sequence[Advisory], places: Mapping[tuple[str, str], str]) -> Iterator[Fault]:
    """All that is open as one fault, with the command for each package."""
    if not found:
        return
    voices = tuple((places[one.package, one.version], f"{told(one)}   <- known") for one in found)
    moves = [f"Run `uv run noxfile.py -s upgrade -- -P {name}`." for name in dict.fromkeys(o.package for o in found)]
    other = "What cannot be moved: `[tool.lockstep.audit] ignore` in pyproject.toml, with a reason and an end."
    yield Fault("vulnerabilities", "Locked packages have known vulnerabilities.", voices, "\n".join([*moves, other]))


def told(one: Advisory) -> str:
    """Package, version, its names, in which version it is fixed, and what it is."""
    name, *aliases = one.names
    also = f" ({', '.join(aliases)})" if aliases else ""
    return f"{one.package} {one.version}: {name}{also}, {remedy(one)}: {one.summary}"


def remedy(one: Advisory) -> str:
    """The first version after the locked one in which it is fixed; when none is after it, OSV's own words are all."""
    later = sorted((fix for fix in one.fixed if numbers(fix) > numbers(one.version)), key=numbers)
    return f"fixed in {later[0]}" if later else "no fixed version is known"


def outdated(rules: Sequence[Ignored], found: Sequence[Advisory], today: date) -> Iterator[Fault]:
    """Rules whose day is over, and, as a warning, those that nothing needs."""
    names = {name for one in found for name in one.names}
    if over := [rule for rule in rules if rule.until < today]:
        yield Fault(
            "vulnerabilities",
            "An advisory was ignored until a day that is over.",
            tuple((rule.place, f"{rule.id} until {rule.until}: {rule.reason}   <- over") for rule in over),
            "Move the package, or look again, and write another day with its reason.",
        )
    if idle := [rule for rule in rules if rule.id not in names and rule.until >= today]:
        yield Fault(
            "vulnerabilities",
            "An advisory is ignored that is not known of this lock.",
            tuple((rule.place, rule.id) for rule in idle),
            "Take the line out.",
            warning=True,
        )


def save(
    root: Path,
    service: str,
    asked: Sequence[tuple[str, str]],
    found: Sequence[Advisory],
    open_ones: Sequence[Advisory],
    places: Mapping[tuple[str, str], str],
) -> None:
    """Write audit.json, and audit.sarif for whoever shows findings beside lines."""
    (root / FOLDER).mkdir(exist_ok=True)
    document: dict[str, Any] = {
        "service": service,
        "asked": [list(one) for one in asked],
        "advisories": [{**asdict(one), "ignored": one not in open_ones} for one in found],
    }
    rows = [(one.names[0], told(one), places[one.package, one.version]) for one in open_ones]
    for name, content in (("audit.json", document), ("audit.sarif", sarif(rows))):
        (root / FOLDER / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
