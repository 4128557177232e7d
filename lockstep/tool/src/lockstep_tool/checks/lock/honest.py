"""The check `lock honest`: whether each lock is what uv would have written."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.locks.indexes import read_indexes, usual_index
from lockstep_tool.locks.lock_files import bad_files, incomparable
from lockstep_tool.locks.lock_graph import bad_edges
from lockstep_tool.locks.lock_history import changed_since
from lockstep_tool.locks.lock_platform import lacking_wheels
from lockstep_tool.locks.lock_root import unasked
from lockstep_tool.locks.lock_text import beside_the_data
from lockstep_tool.service import Service

__all__ = ["CHECK"]

MOST = 10  # of one kind are named; the first line says how many there are


def find(service: Service) -> Iterator[Finding]:
    """What is wrong in each lock, as one finding."""
    if not service.lock.own:
        members = ", ".join(str(one["name"]) for one in service.lock.projects) or "none"
        yield CHECK.finding(
            "The repository is a workspace without a project of its own.",
            where=(("pyproject.toml", "no [project]   <- differs"), ("uv.lock", f"members: {members}")),
            fix="Make the service the project of this directory; others may be members beside it.",
        )
        return
    for name in service.locks:
        found = list(dishonest(service, name))
        more = f" ({len(found)} spots, {MOST} are named)" if len(found) > MOST else ""
        restore = f"Restore it with `git checkout {name}`"
        if found:
            yield CHECK.finding(
                f"{name} is not what uv would have written{more}.",
                where=tuple((spot, f"{said}   <- differs") for spot, said in found[:MOST]),
                fix=restore + (", or run `uv lock --refresh` and review each line that changes." if name == "uv.lock" else "."),
            )
        if beside := list(beside_the_data(name, service.locked(name))):
            yield CHECK.finding(
                f"{name} has what uv does not write.",
                where=tuple((spot, f"{said}   <- differs") for spot, said in beside[:MOST]),
                fix=f"Take it out, or restore the lock: `git checkout {name}`. uv itself leaves it there, also when it locks.",
            )
        if strange := list(incomparable(name, service.locked(name))):
            yield CHECK.finding(
                f"{name} has packages that are neither on an index nor a wheel in the repository.",
                where=tuple((spot, f"{said}   <- cannot be compared") for spot, said in strange[:MOST]),
                fix="Take a release from an index, or put a wheel of it into the repository and name that in "
                '`[tool.uv.sources]`: `NAME = { path = "vendor/NAME-1.0-py3-none-any.whl" }`.',
            )


def dishonest(service: Service, name: str) -> Iterator[tuple[str, str]]:
    """Pairs of `file:line` and what uv would not have written there."""
    lock, indexes = service.locked(name), read_indexes(service)
    if name != "uv.lock":
        indexes |= usual_index(lock)
    yield from bad_files(name, lock, indexes)
    yield from bad_edges(name, lock)
    yield from unasked(name, lock)
    if name == "uv.lock":
        yield from lacking_wheels(lock, service.python)
    yield from changed_since(service, name)


CHECK = Check(
    name="lock honest",
    session="lock",
    asks="Whether uv.lock, the lock of each script and the tool's are what uv would have written: indexes, hosts, hashes, "
    "sizes, file names, upload times, edges, wheels for this machine, and the same bytes as in earlier commits.",
    why="uv's check passes a lock whose files come from elsewhere.",
    allowed="An index that uv.toml declares, and hosts in `[tool.lockstep] file-hosts`.",
    fix="git checkout uv.lock, or uv lock --refresh and a review of each line that changes",
    find=find,
)
