"""The check `wheels`: whether each package was installed from one of its locked wheels."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.environments.environment import Comparison
from lockstep_tool.environments.wheels import NoLockedWheel, find_wheel, is_installed
from lockstep_tool.lockfile import spot

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """Packages of the locked version that no locked wheel accounts for."""
    service, seen = comparison.service, comparison.fingerprint
    for name, package in service.packages(comparison.markers).items():
        if not is_installed(seen, name, package):
            continue  # the check `packages` names it
        try:
            find_wheel(service.root, package, seen["distributions"][name]["tags"])
        except NoLockedWheel as reason:
            where = ((spot("uv.lock", service.lock, package), str(package["source"])),)
            fix = reason.fix or comparison.environment.rebuild
            yield comparison.finding(CHECK, f"{name} {reason}", where=where, fix=fix)


CHECK = Check(
    name="wheels",
    session="parity",
    asks="Which of a package's locked wheels is installed.",
    why="One version can have several builds; what is built from source on the spot is none of them.",
    allowed="Another one on another platform.",
    fix="build the environment again with uv sync --locked --no-build",
    find=find,
)
