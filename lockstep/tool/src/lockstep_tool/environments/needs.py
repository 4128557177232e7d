"""Hold each need that the lock states against what the installed package says itself.

A need that somebody slipped into the lock, with a whole and honest package behind it, looks like what uv writes. Where
git has no past and nobody may ask the index, the package's own METADATA is who knows better.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_tool.declared import Promise
from lockstep_tool.environments.finding import Finding
from lockstep_tool.lockfile import spot
from lockstep_tool.markers import holds

__all__ = ["needs"]


def needs(seen: Mapping[str, Any], promise: Promise) -> Iterator[Finding]:
    """Findings of the facet `packages`: what is installed because of somebody who does not ask for it.

    Only on Linux, where the service runs: for another system a project may publish a wheel with other needs than those
    of the wheel that uv has read.
    """
    if seen["markers"]["sys_platform"] != "linux":
        return
    given = promise.lock.header.get("manifest", {}).get("dependency-metadata", ())
    stated_here = {str(one.get("name")) for one in given}
    for name, package in promise.packages(seen["markers"]).items():
        there = seen["distributions"].get(name, {}).get("needs")  # a fingerprint of an older tool has none
        if there is None or name in stated_here or seen["packages"].get(name) != package["version"]:
            continue
        for needed in sorted(unsaid(package, there, seen["markers"])):
            yield Finding(
                "packages",
                f"{needed} is there because uv.lock says that {name} needs it, and {name} does not say so",
                fix="git checkout uv.lock, or uv lock --refresh and a review of each line that changes",
                at=spot("uv.lock", promise.lock, package),
            )


def unsaid(package: Mapping[str, Any], there: Mapping[str, list[str]], markers: Mapping[str, str]) -> set[str]:
    """Names of the lock's edges, as far as they hold here, that are not among those of METADATA."""
    optional = [edge for group in package.get("optional-dependencies", {}).values() for edge in group]
    edges = ((package.get("dependencies", ()), there["always"]), (optional, [*there["always"], *there["extra"]]))
    return {
        str(edge["name"])
        for stated, known in edges
        for edge in stated
        if holds(edge.get("marker"), markers) and edge["name"] not in known
    }
