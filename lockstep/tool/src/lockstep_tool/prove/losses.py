"""What became of every request of a load: answered, or lost and how; and how long anybody had to wait."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import pairwise

__all__ = ["KINDS", "Count", "Request", "count_requests", "find_stall"]

# How a request is lost → what that means, for people.
KINDS = {
    "refused": "no connection",
    "reset": "the connection broke before the answer",
    "failed": "answered 5xx",
    "truncated": "the answer is shorter than it said",
    "stale": "on its way on a kept connection when the server closed it",
    "timeout": "no answer at all",
}


@dataclass(frozen=True)
class Request:
    """One request; times are seconds of the monotonic clock, `opened` is when its connection was asked for.

    `outcome` is "answered" or one of KINDS.
    """

    opened: float
    sent: float
    finished: float
    outcome: str
    short: bool


@dataclass(frozen=True)
class Count:
    """Requests by what became of them; `stall` is the longest that anybody waited, in seconds. Counts add up."""

    answered: int = 0
    refused: int = 0
    reset: int = 0
    failed: int = 0
    truncated: int = 0
    stale: int = 0
    timeout: int = 0
    stall: float = 0.0

    @property
    def lost(self) -> int:
        return sum(self.by_kind().values())

    @property
    def sent(self) -> int:
        return self.answered + self.lost

    def by_kind(self) -> dict[str, int]:
        """The lost ones, by each of KINDS."""
        return {kind: getattr(self, kind) for kind in KINDS}

    def __add__(self, other: "Count") -> "Count":
        sums = {field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        return Count(**{**sums, "stall": max(self.stall, other.stall)})

    def __str__(self) -> str:
        kinds = ", ".join(f"{number} {kind}" for kind, number in self.by_kind().items() if number)
        lost = f"{self.lost} lost ({kinds})" if self.lost else "none lost"
        return f"{self.sent:,} requests, {lost}, longest stall {self.stall:.2f} s"


def count_requests(requests: Iterable[Request]) -> Count:
    """Add up."""
    every = list(requests)
    return Count(**Counter(request.outcome for request in every), stall=find_stall(every))


def find_stall(requests: Iterable[Request]) -> float:
    """The longest wait of a short request, or the longest time without an answer to any: who is refused at once does
    not wait, and is not served either.
    """
    short = [request for request in requests if request.short]
    served = sorted(request.finished for request in short if request.outcome == "answered")
    gaps = [later - earlier for earlier, later in pairwise(served)]
    return max([request.finished - request.sent for request in short] + gaps, default=0.0)
