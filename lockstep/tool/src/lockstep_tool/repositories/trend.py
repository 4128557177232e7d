"""Compare what was found with what was saved earlier: which columns are better now, which worse, which services came."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Severity
from lockstep_tool.repositories.checked import HOLDS, SIGNS, Checked

__all__ = ["SCHEMA", "Trend", "read_trend"]

SCHEMA = "lockstep.check/1"
# From the best to the worst; what is not known is neither better nor worse than what it was.
ORDER = {HOLDS: 0, SIGNS[Severity.WARNING]: 1, SIGNS[Severity.ERROR]: 2}
BETTER, WORSE, OTHER = "↑", "↓", "~"
WORDS = {BETTER: "better", WORSE: "worse", OTHER: "otherwise"}


@dataclass(frozen=True)
class Trend:
    """`before` has the signs of each service by its path, `names` the path of each name that stands for one service only;
    `day` is when they were found. A service is known again by its path, or by its name in another directory.
    """

    day: str = ""
    before: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def find(self, one: Checked) -> str:
        """The path that a service had; empty for what is new."""
        return str(one.path) if str(one.path) in self.before else self.names.get(one.name, "")

    def of(self, one: Checked, column: str) -> str:
        """`↑` better, `↓` worse, `~` otherwise; empty where it is as it was, and for what is new."""
        was, now = self.before.get(self.find(one), {}).get(column), one.sign(column)
        if was is None or was == now:
            return ""
        if was in ORDER and now in ORDER:
            return BETTER if ORDER[now] < ORDER[was] else WORSE
        return OTHER

    def summarize(self, found: Sequence[Checked], columns: Sequence[str]) -> str:
        """One sentence; empty without an earlier look."""
        if not self.day:
            return ""
        moves = [self.of(one, column) for one in found for column in columns]
        counts = ", ".join(f"{moves.count(sign)} {word} {sign}" for sign, word in WORDS.items())
        paths = [self.find(one) for one in found]
        return f"Since {self.day}: {counts}; {paths.count('')} services new, {len(set(self.before) - set(paths))} gone."


def read_trend(path: Path | None) -> Trend:
    """What `--json` saved earlier; raises Refusal for anything else."""
    if path is None:
        return Trend()
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']}, not {SCHEMA}")
        before = {str(one["path"]): dict(one["checks"]) for one in document["services"]}
        counted = Counter(str(one["service"]) for one in document["services"])
        names = {str(one["service"]): str(one["path"]) for one in document["services"] if counted[str(one["service"])] == 1}
        return Trend(str(document["day"]), before, names)
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = str(error.strerror if isinstance(error, OSError) else error)
        raise Refusal(f"{path} cannot be compared with.", [(str(path), said)], "Name a file that `--json` saved.") from error
