"""The check `lockstep directory`: whether `.lockstep/` holds what the tool is made from, as given, and nothing else."""

from collections.abc import Iterator
from contextlib import suppress

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.files.comparing import Place
from lockstep_tool.files.given import Given, compare_given
from lockstep_tool.files.toml_nodes import parse_toml
from lockstep_tool.locks.lock_wheels import locked_wheels
from lockstep_tool.service import TOOL_LOCK, Service

__all__ = ["CHECK", "PLACES"]

PROJECT, RULES = ".lockstep/pyproject.toml", ".lockstep/ruff.toml"
FILES = (PROJECT, TOOL_LOCK, RULES)
# Both wheels may come from an index, which may be young.
PLACES = (
    Place("tool/uv/sources", "the wheels from your index", less=True),
    Place("tool/uv/sources/*", "the wheels from your index", less=True),
    Place(
        "tool/uv/sources/*/path",
        "the wheels of another version, which the lock has",
        r"lockstep_(serve|tool)-[^/]+-py3-none-any\.whl",
    ),
    Place("tool/uv/exclude-newer", "another age", r"[1-9]\d* (?:days?|weeks?)"),
    Place("tool/uv/exclude-newer-package", "packages of another age"),
)


def find(service: Service) -> Iterator[Finding]:
    """Files that are missing, that are not what the template gives, and that nothing names."""
    if missing := [name for name in FILES if not service.files.has(name)]:
        yield CHECK.finding(
            "The tool's directory is not complete.", where=tuple((name, "missing   <- differs") for name in missing)
        )
    else:
        with suppress(Refusal):  # of a server.toml that cannot be read, which `pins` names
            yield from compare_given(service, CHECK, Given((PROJECT, RULES), parse_toml, PLACES))
    wheels = {wheel.path for name in service.locks for wheel in locked_wheels(name, service.locked(name))}
    if unowned := [name for name in service.files.named(".lockstep/**/*") if name not in {*FILES, *wheels}]:
        yield CHECK.finding(
            "The tool's directory has files that nothing names.",
            where=tuple((name, "in no lock") for name in unowned),
            fix=f"Take them out: `rm {' '.join(unowned)}`.",
            severity=Severity.WARNING,
        )


CHECK = Check(
    name="lockstep directory",
    session="lock",
    asks="Whether `.lockstep/` holds what the tool is made from, as the template gives it, and nothing else.",
    why="Every session starts from these files: what is installed to judge the rest, and by which rules.",
    allowed="The wheels from an index of yours, other ages; files that no lock names are a warning.",
    fix="Run `git checkout -- .lockstep`.",
    find=find,
)
