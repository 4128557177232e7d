"""The check `vulnerabilities`: what a vulnerability service knows of the locked packages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date

from packaging.version import InvalidVersion, Version

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.lockfile import spot
from lockstep_tool.service import Service
from lockstep_tool.supply.ignored import Ignored
from lockstep_tool.supply.osv import Advisory

__all__ = ["CHECK", "describe_advisory", "ignoring_rule", "locked_at"]


def find(service: Service, found: Sequence[Advisory], rules: Sequence[Ignored], today: date) -> Iterator[Finding]:
    """All that is not ignored as one finding, with the command for each package; rules whose day is over; and, as a
    warning, rules that nothing needs.
    """
    lines = locked_at(service)
    if left := [one for one in found if ignoring_rule(one, rules, today) is None]:
        moves = [f"Run `uv run noxfile.py -s upgrade -- -P {name}`." for name in dict.fromkeys(one.package for one in left)]
        other = "What cannot be moved: `[tool.lockstep.audit] ignore` in pyproject.toml, with a reason and an end."
        yield CHECK.finding(
            "Locked packages have known vulnerabilities.",
            where=tuple((lines[one.package, one.version], f"{describe_advisory(one)}   <- known") for one in left),
            fix="\n".join([*moves, other]),
        )
    if over := [rule for rule in rules if rule.until < today]:
        yield CHECK.finding(
            "An advisory was ignored until a day that is over.",
            where=tuple((rule.spot, f"{rule.id} until {rule.until}: {rule.reason}   <- over") for rule in over),
            fix="Move the package, or look again, and write another day with its reason.",
        )
    names = {name for one in found for name in one.names}
    if idle := [rule for rule in rules if rule.id not in names and rule.until >= today]:
        yield CHECK.finding(
            "An advisory is ignored that is not known of this lock.",
            where=tuple((rule.spot, rule.id) for rule in idle),
            fix="Take the line out.",
            severity=Severity.WARNING,
        )


def ignoring_rule(one: Advisory, rules: Sequence[Ignored], today: date) -> Ignored | None:
    """The rule by which the team ignores an advisory, while its day is not over."""
    return next((rule for rule in rules if rule.until >= today and rule.id in one.names), None)


def locked_at(service: Service) -> Mapping[tuple[str, str], str]:
    """`uv.lock:line` of each locked package, by its name and version."""
    lock = service.lock
    return {(str(one["name"]), str(one.get("version", ""))): spot("uv.lock", lock, one) for one in lock.packages}


def describe_advisory(one: Advisory) -> str:
    """Package, version, its names, in which version it is fixed, and what it is."""
    name, *aliases = one.names
    also = f" ({', '.join(aliases)})" if aliases else ""
    later = sorted(version for version in parse_versions(one.fixed) if version > Version(one.version))
    fixed = f"fixed in {later[0]}" if later else "no fixed version is known"
    return f"{one.package} {one.version}: {name}{also}, {fixed}: {one.summary}"


def parse_versions(texts: Iterable[str]) -> Iterator[Version]:
    """Those that are versions: advisories have others, too."""
    for text in texts:
        with suppress(InvalidVersion):
            yield Version(text)


CHECK = Check(
    name="vulnerabilities",
    session="audit",
    asks="What a vulnerability service knows of the locked packages; asked by `audit` only, since it takes a network.",
    why="A lock keeps what was fine on the day it was made, and nothing in it says what was found out since.",
    allowed="What `[tool.lockstep.audit] ignore` names, with a reason, until the day that it names.",
    fix="uv run noxfile.py -s upgrade -- -P NAME",
    find=find,
    network=True,
)
