"""Run the checks of `lock`, and say what was judged."""

from collections.abc import Iterator

from lockstep_tool.checks.registry import checks_of
from lockstep_tool.checks.report import judge, run_checks
from lockstep_tool.lockfile import Lock
from lockstep_tool.service import Service

__all__ = ["check_lock", "influences"]


def check_lock(service: Service, *, registry: bool = False) -> list[str]:
    """Raise Refusal for a stale or dishonest lock; return what was judged, with the warnings below it.

    With `registry` the index is asked as well, which takes a network.
    """
    checks = [check for check in checks_of("lock") if registry or not check.network]
    warnings = judge("lock", run_checks(checks, service))
    count = len(service.lock.packages) - 1
    lines = [f"uv.lock is fresh and honest: {count} packages, each file from its index or the repository, with its hash"]
    lines += [f"uv.lock was made with {said}" for said in influences(service.lock)]
    if registry and not any("lock registry" in warning for warning in warnings):
        lines.append(f"uv.lock says what the index says: {count} packages")
    return [*lines, *warnings]


def influences(lock: Lock) -> Iterator[str]:
    """What pyproject.toml has uv choose otherwise than the packages ask for, as the lock has it."""
    manifest = lock.header.get("manifest", {})
    for key in ("constraints", "overrides", "excludes", "build-constraints"):
        if stated := manifest.get(key):
            names = (one if isinstance(one, str) else f"{one['name']}{one.get('specifier', '')}" for one in stated)
            yield f"{key}: {', '.join(names)}"
