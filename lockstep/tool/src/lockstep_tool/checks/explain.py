"""Say what a check asks, why it matters, when a difference is allowed, and what removes one."""

from lockstep_tool.checks.finding import Severity
from lockstep_tool.checks.registry import SESSIONS, checks_of, every_check, find_check

__all__ = ["explain"]


def explain(name: str = "") -> str:
    """All about one check, or a line for each when `name` is empty; raises Refusal for one that there is not."""
    if not name:
        return "\n\n".join(table(session) for session in SESSIONS if checks_of(session))
    check = find_check(name)
    verdict = "names it, and stays green" if check.severity is Severity.WARNING else "is not green with it"
    return "\n".join(
        [
            f"{name}: judged by `uv run noxfile.py -s {check.session}`, which {verdict}",
            "",
            f"  what     {check.asks}",
            f"  why      {check.why}",
            f"  allowed  {check.allowed}",
            f"  fix      {check.fix}",
        ]
    )


def table(session: str) -> str:
    """A line for each check of a session, below its name."""
    width = max(map(len, every_check()))
    return "\n".join([session, *(f"  {check.name:<{width}}  {check.asks}" for check in checks_of(session))])
