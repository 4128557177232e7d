"""The check `versions`: whether every file that states a version of Python, uv or nox says what its source of truth says."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.ranges import holds, ranges
from lockstep_tool.files.versions_stated import repetitions, unpinned_commands
from lockstep_tool.service import Service
from lockstep_tool.versions import SOURCES

__all__ = ["CHECK"]


def find(service: Service) -> Iterator[Finding]:
    """Versions that differ, ranges that do not hold the exact version, and commands that name none."""
    yield from differing(service)
    for stated, found in ranges(service.files):
        version = service.versions[stated.tool]
        if not holds(found.match[1], version):
            said = f"{found.line.strip('# ')}   <- does not hold {version}"
            yield CHECK.finding(stated.wrong, where=((SOURCES[stated.tool], version), (found.spot, said)), fix=stated.fix)
    for tool, found, instead in unpinned_commands(service.files, service.versions):
        yield CHECK.finding(
            f"{tool} is taken in whatever version is newest.",
            where=((found.spot, f"{found.line.strip()}   <- no version"),),
            fix=f"In {found.file}, {instead}.",
        )


def differing(service: Service) -> Iterator[Finding]:
    """One finding for each tool that has two versions."""
    everywhere = list(repetitions(service.files, service.versions))
    for tool, version in service.versions.items():
        here = [one for one in everywhere if one.tool == tool]
        wrong = [one for one in here if one.differs]
        if wrong:
            said = [(one.found.spot, f"{one.found.match[1]}{'   <- differs' * one.differs}") for one in here]
            yield CHECK.finding(
                f"{tool} is stated two ways.",
                where=((SOURCES[tool], version), *said),
                fix=f"Put {version} where it differs, or run `uv run noxfile.py -s pins -- --fix`.",
                repairs=tuple(repair for one in wrong for repair in one.repairs()),
            )


CHECK = Check(
    name="versions",
    session="pins",
    asks="Every file that states a version of Python, uv or nox, against the source of truth of each.",
    why="Two versions are two environments, and no version is whatever is newest.",
    allowed="Never.",
    fix="uv run noxfile.py -s pins -- --fix",
    find=find,
)
