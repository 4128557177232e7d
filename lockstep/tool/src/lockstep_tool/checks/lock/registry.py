"""The check `lock registry`: whether the index says what uv.lock says."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.locks.lock_registry import compare_locks, lock_anew
from lockstep_tool.service import Service

__all__ = ["CHECK"]

MOST = 20  # of each kind are named


def find(service: Service) -> Iterator[Finding]:
    """What an index may change is a warning, the rest is an error; raises Refusal where the index cannot be asked."""
    now, yanked = lock_anew(service)
    differences = list(compare_locks(service.lock, now))
    if wrong := [(one.spot, f"{one.said}   <- differs") for one in differences if not one.allowed]:
        yield CHECK.finding("uv.lock says otherwise than the index.", where=tuple(wrong[:MOST]))
    if changed := [(one.spot, one.said) for one in differences if one.allowed]:
        yield CHECK.finding(
            "The index has changed since the lock was made.",
            where=tuple(changed[:MOST]),
            fix="Run `uv lock --refresh` to take it along, or leave it: what is locked installs while it is there.",
            severity=Severity.WARNING,
        )
    if yanked:
        yield CHECK.finding(
            "A locked release was yanked: its authors ask nobody to take it.",
            where=tuple((one.spot, one.said) for one in yanked[:MOST]),
            fix="Take another one: `uv run noxfile.py -s upgrade -- -P NAME`, and loosen what asks for exactly this one.",
            severity=Severity.WARNING,
        )


CHECK = Check(
    name="lock registry",
    session="lock",
    asks="Whether the index says what uv.lock says; asked by `lock -- --registry` only, since it takes a network.",
    why="A new hash under a new address can be told from a good one by nobody but the index.",
    allowed="New files and files that are gone: an index may change so.",
    fix="Run `uv lock --refresh`, review each line that changes, and find out who wrote the other one.",
    find=find,
    network=True,
)
