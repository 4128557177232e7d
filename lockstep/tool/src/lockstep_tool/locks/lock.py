"""Run the checks of `lock`, and say what was judged."""

from lockstep_tool.checks.registry import checks_of
from lockstep_tool.checks.report import judge, run_checks
from lockstep_tool.service import Service

__all__ = ["check_lock"]


def check_lock(service: Service, *, registry: bool = False) -> list[str]:
    """Raise Refusal for a stale or dishonest lock; return what was judged, with the warnings below it.

    With `registry` the index is asked as well, which takes a network.
    """
    checks = [check for check in checks_of("lock") if registry or not check.network]
    warnings = judge("lock", run_checks(checks, service))
    count = len(service.lock.packages) - 1
    lines = [f"uv.lock is fresh and honest: {count} packages, each file from its index or the repository, with its hash"]
    if registry and not any("lock registry" in warning for warning in warnings):
        lines.append(f"uv.lock says what the index says: {count} packages")
    return [*lines, *warnings]
