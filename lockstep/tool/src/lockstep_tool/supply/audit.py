"""Ask what is known of the locked packages, and say what is to be moved, how, and what the team lives with."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lockstep_tool import engine
from lockstep_tool.checks.audit.vulnerabilities import CHECK, describe_advisory, ignoring_rule, locked_at
from lockstep_tool.checks.report import judge
from lockstep_tool.service import Service
from lockstep_tool.supply.components import is_local
from lockstep_tool.supply.ignored import read_rules
from lockstep_tool.supply.osv import Advisory, find_advisories
from lockstep_tool.supply.sarif import sarif

__all__ = ["audit"]

REPORT = Path(".nox", "report")


def audit(service: Service, *, everything: bool = False, seconds: float = 30) -> str:
    """Say what is known of the production set, or of `everything` that is locked, with what the team ignores.

    `seconds` are for each answer. Raises Refusal for what is not ignored, with code 2 when nobody can be asked.
    """
    rules, today = read_rules(service), datetime.now(UTC).date()
    production = service.packages(engine.markers_of_image(service.python)).values()
    chosen = [one for one in service.lock.packages if one not in service.lock.projects] if everything else production
    asked = sorted({(str(one["name"]), str(one["version"])) for one in chosen if not is_local(one)})
    found = [one for several in split_by_name(asked) for one in find_advisories(rules.service, several, seconds)]
    left = [one for one in found if ignoring_rule(one, rules.ignored, today) is None]
    save(service, rules.service, asked, found, left)
    what = "locked packages" if everything else "packages of the production set"
    lines = [f"{rules.service} was asked for {len(asked)} {what}: {len(found)} known vulnerabilities"]
    lines += [
        f"  - {one['name']} {one.get('version', '')}: not asked about, it lies in this repository ({source_of(one)})"
        for one in chosen
        if is_local(one)
    ]
    lines += [
        f"  · {one.package} {one.version}: {rule.id} ignored until {rule.until}: {rule.reason}"
        for one in found
        if (rule := ignoring_rule(one, rules.ignored, today))
    ]
    return "\n".join([*lines, *judge("audit", CHECK.find(service, found, rules.ignored, today))])


def source_of(package: Mapping[str, Any]) -> str:
    """Where uv.lock says that a package lies."""
    return ", ".join(map(str, package["source"].values()))


def split_by_name(packages: Sequence[tuple[str, str]]) -> Iterator[Mapping[str, str]]:
    """Name → version, as often as one name has several: platforms may differ in it."""
    left = list(packages)
    while left:
        now = dict(reversed(left))
        yield now
        left = [one for one in left if one not in now.items()]


def save(
    service: Service, address: str, asked: Sequence[tuple[str, str]], found: Sequence[Advisory], left: Sequence[Advisory]
) -> None:
    """Write audit.json, and audit.sarif for whoever shows findings beside lines."""
    directory, lines = service.root / REPORT, locked_at(service)
    directory.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {
        "service": address,
        "asked": [list(one) for one in asked],
        "advisories": [{**asdict(one), "ignored": one not in left} for one in found],
    }
    rows = [(one.names[0], describe_advisory(one), lines[one.package, one.version]) for one in left]
    for name, content in (("audit.json", document), ("audit.sarif", sarif(rows))):
        (directory / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
