"""The check `packages`: whether exactly the locked versions are installed, each because somebody needs it."""

from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.environments.environment import Comparison
from lockstep_tool.lockfile import spot
from lockstep_tool.markers import holds

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """Packages that are missing, too many or of another version, and needs that only the lock knows of."""
    service, there = comparison.service, comparison.fingerprint["packages"]
    wanted = service.packages(comparison.markers)
    for name in sorted(set(wanted) | set(there)):
        version = str(wanted[name].get("version", "")) if name in wanted else ""
        if name not in wanted:
            what = f"{name} {there[name]} is installed, and the production set has no {name}"
            yield comparison.finding(CHECK, what, where=(("uv.lock", f"no {name}"),))
            continue
        where = ((spot("uv.lock", service.lock, wanted[name]), f"{name} {version}"),)
        if name not in there:
            yield comparison.finding(CHECK, f"{name} {version} is missing", where=where)
        elif version and there[name] != version:  # uv.lock states none for a directory that computes its own
            yield comparison.finding(CHECK, f"{name} is {there[name]}, uv.lock says {version}", where=where)
    yield from unsaid_needs(comparison, wanted)


def unsaid_needs(comparison: Comparison, wanted: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """What is installed because of a package that does not ask for it.

    A need that somebody slipped into the lock, with a whole and honest package behind it, looks like what uv writes.
    Where git has no past and nobody may ask the index, the METADATA of the installed package knows better.

    Only on Linux, where the service runs: for another system a project may publish a wheel with other needs than those
    of the wheel that uv has read.
    """
    if comparison.markers["sys_platform"] != "linux":
        return
    seen, lock = comparison.fingerprint, comparison.service.lock
    stated = {str(one.get("name")) for one in lock.header.get("manifest", {}).get("dependency-metadata", ())}
    for name, package in wanted.items():
        installed = seen["packages"].get(name) == package.get("version") and name in seen["distributions"]
        if name in stated or not installed:
            continue
        for needed in sorted(unsaid(package, seen["distributions"][name]["needs"], comparison.markers)):
            yield comparison.finding(
                CHECK,
                f"{needed} is there because uv.lock says that {name} needs it, and {name} does not say so",
                fix="git checkout uv.lock, or uv lock --refresh and a review of each line that changes",
                where=((spot("uv.lock", lock, package), f"{name} needs {needed}"),),
            )


def unsaid(package: Mapping[str, Any], needs: Mapping[str, list[str]], markers: Mapping[str, str]) -> set[str]:
    """Names of the lock's edges, as far as they hold there, that are not among those of METADATA."""
    optional = [edge for group in package.get("optional-dependencies", {}).values() for edge in group]
    edges = ((package.get("dependencies", ()), needs["always"]), (optional, [*needs["always"], *needs["extra"]]))
    return {
        str(edge["name"])
        for stated, known in edges
        for edge in stated
        if holds(edge.get("marker"), markers) and edge["name"] not in known
    }


CHECK = Check(
    name="packages",
    session="parity",
    asks="Names and versions of what is installed, and whether those who are said to need it say so themselves.",
    why="What somebody installed by hand is in no lock; what was slipped into the lock is in every environment.",
    allowed="Never, in the production set.",
    fix="build the environment again; `uv add NAME` when it is needed",
    find=find,
)
