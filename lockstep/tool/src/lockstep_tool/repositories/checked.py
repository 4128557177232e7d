"""What was found in one repository, by the column of the table that asked for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.facts import Facts

__all__ = ["HOLDS", "NONE", "SIGNS", "Checked", "Column"]

HOLDS, NONE = "✓", "-"
SIGNS = {Severity.WARNING: "!", Severity.UNKNOWN: "?", Severity.ERROR: "✗"}  # from the mildest to the worst


@dataclass(frozen=True)
class Column:
    """What one column of the table asks of every repository. `applies` says whether there is anything to look at."""

    name: str
    asks: str
    find: Callable[[Facts], Iterator[Finding]]
    applies: Callable[[Facts], bool] = lambda _: True


@dataclass(frozen=True)
class Checked:
    """A repository with what was found; `empty` are the columns that had nothing to look at, and `unseen` says why it
    could not be looked at as a whole.
    """

    path: Path
    findings: Sequence[Finding] = field(default=())
    empty: Sequence[str] = field(default=())
    unseen: str = ""

    @property
    def name(self) -> str:
        """How a table calls it."""
        return self.path.resolve().name

    def of(self, column: str) -> list[Finding]:
        """What was found for one column."""
        return [finding for finding in self.findings if finding.check == column]

    def sign(self, column: str) -> str:
        """The worst answer to one column; `?` for all where nothing could be looked at."""
        if self.unseen:
            return SIGNS[Severity.UNKNOWN]
        severities = {finding.severity for finding in self.of(column)}
        best = NONE if column in self.empty else HOLDS
        return next((sign for severity, sign in reversed(SIGNS.items()) if severity in severities), best)

    def count(self, severity: Severity) -> int:
        """How many columns have this as their worst answer."""
        columns = {finding.check for finding in self.findings}
        return sum(self.sign(column) == SIGNS[severity] for column in columns)
