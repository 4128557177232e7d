"""A check: one thing that a session compares or judges, with all the words about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lockstep_tool.checks.finding import Finding, Severity

__all__ = ["Check"]


@dataclass(frozen=True)
class Check:
    """`name` is stable and unique, `session` is the one that runs it.

    `asks`, `why`, `allowed` and `fix` are sentences for `explain`, the reference pages and every report. `severity` is
    what its findings have unless they say otherwise.
    `find` yields the findings; what it is given depends on the session: `Service` for those that read files, more for
    those that look into environments and images. A check with `network` is run only when somebody asks for it.
    """

    name: str
    session: str
    asks: str
    why: str
    allowed: str
    fix: str
    find: Callable[..., Iterator[Finding]]
    severity: Severity = Severity.ERROR
    network: bool = False

    def finding(self, what: str, **parts: Any) -> Finding:
        """A finding of this check, with its own fix and severity unless others are given."""
        return Finding(self.name, what, **{"fix": self.fix, "severity": self.severity, **parts})
