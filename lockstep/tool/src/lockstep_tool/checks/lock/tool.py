"""The check `lockstep directory`: whether `.lockstep/` holds what the tool is made from, and nothing else."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.locks.lock_wheels import locked_wheels
from lockstep_tool.service import TOOL_LOCK, Service

__all__ = ["CHECK"]

FILES = (".lockstep/pyproject.toml", TOOL_LOCK, ".lockstep/ruff.toml")


def find(service: Service) -> Iterator[Finding]:
    """Files that are missing, and files that nothing names."""
    if missing := [name for name in FILES if not service.files.has(name)]:
        yield CHECK.finding(
            "The tool's directory is not complete.", where=tuple((name, "missing   <- differs") for name in missing)
        )
    wheels = {wheel.path for name in service.locks for wheel in locked_wheels(name, service.locked(name))}
    if unowned := [name for name in service.files.named(".lockstep/*") if name not in {*FILES, *wheels}]:
        yield CHECK.finding(
            "The tool's directory has files that nothing names.",
            where=tuple((name, "in no lock") for name in unowned),
            fix=f"Take them out: `rm {' '.join(unowned)}`.",
            severity=Severity.WARNING,
        )


CHECK = Check(
    name="lockstep directory",
    session="lock",
    asks="Whether `.lockstep/` holds what the tool is made from, and nothing else.",
    why="Every session starts from these files; without them nothing else can be looked at.",
    allowed="Files that no lock names are a warning.",
    fix="Run `git checkout -- .lockstep`.",
    find=find,
)
