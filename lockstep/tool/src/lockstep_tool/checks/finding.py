"""One thing that a check found: what is wrong, where it says what, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Repair", "Severity", "name_few", "printable"]


class Severity(StrEnum):
    """How much a finding counts: an error turns the verdict, a warning is named, what is allowed is counted and named,
    and what is unknown could not be looked at.
    """

    ERROR = "error"
    WARNING = "warning"
    ALLOWED = "allowed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Repair:
    """Put `text` where `span` is, in line `number` (from 1) of a file below the service's root; 0: after the end."""

    file: str
    number: int
    span: tuple[int, int]
    text: str


@dataclass(frozen=True)
class Finding:
    """`check` is the name of the check, `what` the sentence that says what is wrong.

    `where` are pairs of a spot (`file:line`, a variable, a command) and what it says; those that end in `<- differs` are
    to blame. `environment` names the one that was looked into, for checks that look into environments.
    """

    check: str
    what: str
    where: tuple[tuple[str, str], ...] = ()
    fix: str = ""
    severity: Severity = Severity.ERROR
    environment: str = ""
    repairs: tuple[Repair, ...] = ()

    def __post_init__(self) -> None:
        """Make bytes of a file's name that are no text visible: no report could be written with them."""
        for name, text in (("what", self.what), ("fix", self.fix)):
            object.__setattr__(self, name, encodable(text))
        object.__setattr__(self, "where", tuple((encodable(spot), encodable(said)) for spot, said in self.where))

    @property
    def matters(self) -> bool:
        """Whether it turns the verdict."""
        return self.severity is Severity.ERROR


def name_few(names: Sequence[str], most: int = 3) -> str:
    """The first few names, and how many more there are; bytes of a file's name that are no text are written as `\\xff`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    shown = (name if name.isprintable() else printable(name) for name in names[:most])
    return ", ".join(shown) + more


def printable(name: str) -> str:
    """A name that no terminal and no report can trip over."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in encodable(name))


def encodable(text: str) -> str:
    """Text without the signs that stand for bytes which are no UTF-8: they are written as `\\xff`."""
    return text.encode(errors="surrogateescape").decode(errors="backslashreplace")
