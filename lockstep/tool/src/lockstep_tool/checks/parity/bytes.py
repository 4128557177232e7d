"""The check `bytes`: whether every installed file is what RECORD and the locked wheel say.

A RECORD can be edited together with its file; the wheel behind a locked hash cannot. The service's own wheel is built from
the checkout.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lockstep_serve.environment import digest
from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity, name_few
from lockstep_tool.environments.contents import read_expected
from lockstep_tool.environments.environment import Comparison
from lockstep_tool.environments.wheels import Contents, OtherWheel, UnknownContents
from lockstep_tool.inside.files import shorten

__all__ = ["CHECK"]

Installed = Mapping[str, Mapping[str, Any]]
Expected = Mapping[str, Contents | UnknownContents | OtherWheel]
Shared = Mapping[str, list[str]]  # file → the distributions that have it


def find(comparison: Comparison) -> Iterator[Finding]:
    """Files that differ. Those that no wheel could be read for are one finding, which is neither good nor bad."""
    known: Installed = comparison.fingerprint["distributions"]
    expected = read_expected(comparison)
    shared = find_shared(known, expected)
    yield from compare_shared(comparison, shared, expected)
    for name, distribution in known.items():
        yield from compare_with_record(comparison, name, distribution, shared)
        yield from compare_bare(comparison, name, distribution, expected.get(name))
    unknown: dict[str, list[str]] = {}
    for name, contents in expected.items():
        match contents:
            case UnknownContents():
                unknown.setdefault(str(contents), []).append(name)
            case OtherWheel():
                yield comparison.finding(CHECK, f"{name}: {contents}", fix=f"git checkout {contents.path}", where=contents.where)
            case _:
                yield from compare_with_wheel(comparison, name, known[name], contents.files, shared)
    for why, names in unknown.items():
        yield comparison.finding(
            CHECK,
            f"{len(names)} packages could not be compared with their wheels ({name_few(names)}): {why}",
            fix="connect once and run this again; what was fetched is remembered",
            severity=Severity.UNKNOWN,
        )


def find_shared(known: Installed, expected: Expected) -> Shared:
    """Files that several wheels have at one place, where one of them is: the one that was installed last has won."""
    owners: dict[str, list[str]] = {}
    for name, distribution in known.items():
        contents = expected.get(name)
        for file in distribution["files"]:
            if not isinstance(contents, Contents) or file in contents.files:
                owners.setdefault(file, []).append(name)
    shared = {file: names for file, names in owners.items() if len(names) > 1}
    return {file: names for file, names in shared.items() if any(is_there(known, expected, name, file) for name in names)}


def is_there(known: Installed, expected: Expected, name: str, file: str) -> bool:
    """Whether a file is what this distribution's wheel has, or its RECORD where no wheel is known."""
    contents = expected.get(name)
    if isinstance(contents, Contents):
        return contents.files[file].startswith(str(known[name]["files"][file]))
    return file not in known[name]["edited"]


def compare_shared(comparison: Comparison, shared: Shared, expected: Expected) -> Iterator[Finding]:
    """Those of which the wheels do not all have the same; what is there must be of one of them."""
    for names, files in group_by_owners(shared).items():
        wheels = {name: contents.files for name in names if isinstance(contents := expected.get(name), Contents)}
        other = [file for file in files if len({wheel.get(file) for wheel in wheels.values()}) > 1]
        if other:
            owners = " and ".join(names)
            yield comparison.finding(
                CHECK,
                f"{name_few(other)}: in the wheels of {owners}, each with other content; which is there is chance",
                fix=f"`uv remove` one of {', '.join(names)}, or lock versions of them that share no file; "
                "building again helps by chance only",
            )


def group_by_owners(shared: Shared) -> dict[tuple[str, ...], list[str]]:
    """Distributions → the files that they share."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for file, names in sorted(shared.items()):
        groups.setdefault(tuple(names), []).append(file)
    return groups


def compare_with_record(comparison: Comparison, name: str, distribution: Mapping[str, Any], shared: Shared) -> Iterator[Finding]:
    """Files that are not what was written down when they were installed."""
    if edited := [file for file in distribution["edited"] if file not in shared]:
        fix = comparison.environment.rebuild
        if distribution["linked"]:  # into uv's cache: the edit is there as well, and building again brings it back
            fix = f"uv cache clean {name} && {fix}"
        yield comparison.finding(CHECK, f"{name}: edited {name_few(edited)}", fix=fix)
    if distribution["missing"]:
        yield comparison.finding(CHECK, f"{name}: missing {name_few(distribution['missing'])}")
    if distribution["no_files"]:
        yield comparison.finding(
            CHECK, f"{name}: a link or the like, where a file is expected: {name_few(distribution['no_files'])}"
        )
    if distribution["record"]:
        yield comparison.finding(CHECK, f"{name} {distribution['record']}")


def compare_bare(
    comparison: Comparison, name: str, distribution: Mapping[str, Any], contents: Contents | UnknownContents | OtherWheel | None
) -> Iterator[Finding]:
    """Rows of a RECORD without a hash or a size, but for those that the wheel's own RECORD has so."""
    allowed = contents.bare if isinstance(contents, Contents) else ()
    if bare := [file for file in distribution["bare"] if file not in allowed]:
        yield comparison.finding(CHECK, f"{name}: its RECORD states no hash or no size of {name_few(bare)}")


def compare_with_wheel(
    comparison: Comparison, name: str, distribution: Mapping[str, Any], files: Mapping[str, str], shared: Shared
) -> Iterator[Finding]:
    """Files that are not what the locked wheel installs; those that RECORD already named are not named twice, and those
    of the service's package are the check `source`'s.
    """
    if distribution["digest"] == digest(files):
        return
    own = name == comparison.fingerprint["service"]
    package = f"{comparison.service.package.name}/" if own else "//"
    named = {*distribution["edited"], *distribution["missing"], *distribution["no_files"], *shared}
    wanted, there = shorten(files), distribution["files"]
    other = sorted(file for file in {*wanted, *there} if wanted.get(file) != there.get(file))
    left = [file for file in other if file not in named and not file.startswith(package)]
    if left and not distribution["record"]:
        wheel = "the checkout's own wheel" if own else "the locked wheel"
        yield comparison.finding(CHECK, f"{name}: not what {wheel} installs: {name_few(left)}")


CHECK = Check(
    name="bytes",
    session="parity",
    asks="Every installed file, and the programs beside Python, against RECORD and against the wheel that the lock pins by hash.",
    why="An edit in site-packages, or in uv's cache through a hard link, changes no version.",
    allowed="Never.",
    fix='build the environment again; when it comes back: uv cache clean NAME, and link-mode = "copy" in your own uv.toml',
    find=find,
)
