"""The check `layout`: whether the repository still holds what an earlier layout of the template put there."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.service import Service

__all__ = ["CHECK"]

# What was there → a file by which it is known.
EARLIER = {
    "src/lockstep": "src/lockstep/__main__.py",
    "bench": "bench/candidate.py",
    "updating": "updating/update.py",
    "bench.py": "bench.py.lock",
    "bench.py.lock": "bench.py.lock",
}


def find(service: Service) -> Iterator[Finding]:
    """The tool's source, which is two wheels now, and an entry point that nothing reads."""
    left = [name for name, sign in EARLIER.items() if service.files.has(sign)]
    if left:
        yield CHECK.finding(
            "The tool's source is still in the service.",
            where=tuple((name, "of an earlier layout   <- not used") for name in left),
            fix=f"Run `git rm -r {' '.join(left)}`: the tool is in .lockstep/ now.",
        )
    if "lockstep" in service.project.get("project", {}).get("entry-points", {}):
        yield CHECK.finding(
            "The service announces itself to an earlier layout of the tool.",
            where=(("pyproject.toml", "[project.entry-points.lockstep]   <- not read"),),
            fix="Name the table `[project.entry-points.lockstep_serve]`, then run `uv lock`.",
        )


CHECK = Check(
    name="layout",
    session="pins",
    asks="Whether the repository still holds what an earlier layout of the template put there, such as src/lockstep/.",
    why="It is in every search, and a package of that name hides another one.",
    allowed="Never.",
    fix="git rm -r src/lockstep",
    find=find,
)
