"""The check `cooldown`: whether what is locked was old enough when it was locked."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.lockfile import spot
from lockstep_tool.locks.cooldown import cutoff_of, locked_before, newest_upload
from lockstep_tool.locks.indexes import read_indexes
from lockstep_tool.service import Service

__all__ = ["CHECK"]


def find(service: Service) -> Iterator[Finding]:
    """One finding that names each package whose newest file is younger than declared, with the exception to write."""
    lock, latest, indexes = service.lock, locked_before(service), read_indexes(service)
    young: dict[str, tuple[str, str]] = {}
    for package in lock.packages:
        cutoff, newest = cutoff_of(lock, package, indexes, latest), newest_upload(package)
        if cutoff is not None and newest is not None and newest > cutoff:
            said = f"{package['name']} {package['version']} was uploaded {newest:%Y-%m-%d}, {(latest - newest).days} days before"
            young[str(package["name"])] = (spot("uv.lock", lock, package), f"{said} {latest:%Y-%m-%d}")
    if young:
        exceptions = ", ".join(f"{name} = false" for name in young)
        yield CHECK.finding(
            "The lock has releases that are younger than exclude-newer allows.",
            where=tuple(young.values()),
            fix=f"Take older ones: `uv run noxfile.py -s upgrade -- {' '.join(f'-P {name}' for name in young)}`.\n"
            f"If it must be these, write `exclude-newer-package = {{ {exceptions} }}` into uv.toml and run `uv lock`.",
        )


CHECK = Check(
    name="cooldown",
    session="lock",
    asks="Whether what is locked was old enough when it was locked, by `exclude-newer`.",
    why="Most poisoned releases are found out within days; uv asks for their age once, and never again.",
    allowed="A package in `exclude-newer-package`.",
    fix="uv run noxfile.py -s upgrade -- -P NAME",
    find=find,
    severity=Severity.WARNING,
)
