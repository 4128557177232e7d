"""Hold every installed file against its RECORD and against the wheel that the lock pins.

A RECORD can be edited together with its file; the wheel behind a locked hash cannot.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_tool.declared import Promise
from lockstep_tool.environments.finding import Finding, shown
from lockstep_tool.environments.wheels import Unknown, contents_of_all, wheel_for
from lockstep_tool.fingerprint import digest, shorten

__all__ = ["installed"]


def installed(seen: Mapping[str, Any], promise: Promise) -> Iterator[Finding]:
    """Findings of the facets `bytes` and `wheels`; what no wheel could be fetched for is one finding, `unseen`."""
    known = seen["distributions"]
    for name, distribution in known.items():
        yield from by_record(name, distribution)
    chosen = {}
    for name, package in promise.packages(seen["markers"]).items():
        if name in known and seen["packages"].get(name) == package["version"]:
            try:
                chosen[name] = wheel_for(package, known[name]["tags"])
            except Unknown as reason:
                yield Finding("wheels", f"{name}: {reason}")
    unknown: dict[str, list[str]] = {}
    for name, files in contents_of_all(chosen).items():
        if isinstance(files, Unknown):
            unknown.setdefault(str(files), []).append(name)
        else:
            yield from by_wheel(name, known[name], files)
    for why, names in unknown.items():
        said = f"{len(names)} packages could not be held against their wheels ({shown(names)}): {why}"
        yield Finding("bytes", said, fix="connect once and run this again; what was fetched is remembered", unseen=True)


def by_record(name: str, distribution: Mapping[str, Any]) -> Iterator[Finding]:
    """Files that are not what was written down when they were installed."""
    if distribution["edited"]:
        # uv links files into its cache: the edit is there as well, and a rebuild alone brings it back.
        fix = f"uv cache clean {name} && {{rebuild}}" if distribution["linked"] else ""
        yield Finding("bytes", f"{name}: edited {shown(distribution['edited'])}", fix=fix)
    if distribution["missing"]:
        yield Finding("bytes", f"{name}: missing {shown(distribution['missing'])}")
    if not distribution["record"]:
        yield Finding("bytes", f"{name} has no RECORD")


def by_wheel(name: str, distribution: Mapping[str, Any], files: Mapping[str, str]) -> Iterator[Finding]:
    """Files that are not what the locked wheel installs; those that RECORD already told of are not told twice."""
    if distribution["digest"] == digest(files) or distribution["edited"] or distribution["missing"]:
        return
    wanted, there = shorten(files), distribution["files"]
    other = sorted(file for file in {*wanted, *there} if wanted.get(file) != there.get(file))
    yield Finding("bytes", f"{name}: not what the locked wheel installs: {shown(other)}")
