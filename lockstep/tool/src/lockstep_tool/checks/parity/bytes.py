"""The check `bytes`: whether every installed file is what RECORD and the locked wheel say.

A RECORD can be edited together with its file; the wheel behind a locked hash cannot.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_serve.environment import digest
from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity, name_few
from lockstep_tool.environments.environment import Comparison
from lockstep_tool.environments.wheels import (
    LockedWheel,
    NoLockedWheel,
    OtherWheel,
    UnknownContents,
    find_wheel,
    is_installed,
    read_all_contents,
)
from lockstep_tool.fingerprint import shorten

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """Files that differ. Those that no wheel could be read for are one finding, which is neither good nor bad."""
    known = comparison.fingerprint["distributions"]
    for name, distribution in known.items():
        yield from compare_with_record(comparison, name, distribution)
    unknown: dict[str, list[str]] = {}
    for name, files in read_all_contents(locked_wheels(comparison)).items():
        match files:
            case UnknownContents():
                unknown.setdefault(str(files), []).append(name)
            case OtherWheel():
                yield comparison.finding(CHECK, f"{name}: {files}", fix=f"git checkout {files.path}", where=files.where)
            case _:
                yield from compare_with_wheel(comparison, name, known[name], files)
    for why, names in unknown.items():
        yield comparison.finding(
            CHECK,
            f"{len(names)} packages could not be compared with their wheels ({name_few(names)}): {why}",
            fix="connect once and run this again; what was fetched is remembered",
            severity=Severity.UNKNOWN,
        )


def locked_wheels(comparison: Comparison) -> dict[str, LockedWheel]:
    """The wheel of each package that the check `wheels` is content with."""
    service, seen = comparison.service, comparison.fingerprint
    chosen = {}
    for name, package in service.packages(comparison.markers).items():
        if is_installed(seen, name, package):
            try:
                chosen[name] = find_wheel(service.root, package, seen["distributions"][name]["tags"])
            except NoLockedWheel:
                continue
    return chosen


def compare_with_record(comparison: Comparison, name: str, distribution: Mapping[str, Any]) -> Iterator[Finding]:
    """Files that are not what was written down when they were installed."""
    if distribution["edited"]:
        fix = comparison.environment.rebuild
        if distribution["linked"]:  # into uv's cache: the edit is there as well, and building again brings it back
            fix = f"uv cache clean {name} && {fix}"
        yield comparison.finding(CHECK, f"{name}: edited {name_few(distribution['edited'])}", fix=fix)
    if distribution["missing"]:
        yield comparison.finding(CHECK, f"{name}: missing {name_few(distribution['missing'])}")
    if not distribution["record"]:
        yield comparison.finding(CHECK, f"{name} has no RECORD")


def compare_with_wheel(
    comparison: Comparison, name: str, distribution: Mapping[str, Any], files: Mapping[str, str]
) -> Iterator[Finding]:
    """Files that are not what the locked wheel installs; those that RECORD already named are not named twice."""
    if distribution["digest"] == digest(files) or distribution["edited"] or distribution["missing"]:
        return
    wanted, there = shorten(files), distribution["files"]
    other = sorted(file for file in {*wanted, *there} if wanted.get(file) != there.get(file))
    yield comparison.finding(CHECK, f"{name}: not what the locked wheel installs: {name_few(other)}")


CHECK = Check(
    name="bytes",
    session="parity",
    asks="Every installed file against its RECORD and against the wheel that the lock pins by hash.",
    why="An edit in site-packages, or in uv's cache through a hard link, changes no version.",
    allowed="Never.",
    fix='build the environment again; when it comes back: uv cache clean NAME, and link-mode = "copy" in your own uv.toml',
    find=find,
)
