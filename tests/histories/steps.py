"""The steps of a history, as data that reads: what the team does, what the template does, and when they meet."""

from dataclasses import dataclass

__all__ = ["Answers", "History", "Release", "Step", "Team", "Update"]


@dataclass(frozen=True)
class Team:
    """The team commits one of the edits in `edits`."""

    edit: str

    def __str__(self) -> str:
        return f"the team {self.edit}"


@dataclass(frozen=True)
class Release:
    """The template has a new version with these of the changes in `changes`."""

    changes: tuple[str, ...]

    def __str__(self) -> str:
        return f"the template {' and '.join(self.changes)}"


@dataclass(frozen=True)
class Answers:
    """The team gives another answer, without another version: the choice is counted through what fits."""

    question: str
    choice: int

    def __str__(self) -> str:
        return f"the team answers {self.question} anew ({self.choice})"


@dataclass(frozen=True)
class Update:
    """The team updates to the newest version."""

    def __str__(self) -> str:
        return "the team updates"


Step = Team | Release | Answers | Update


@dataclass(frozen=True)
class History:
    """A start, by the name of its answers, and what followed; an update is the end."""

    start: str
    steps: tuple[Step, ...]

    def __repr__(self) -> str:
        lines = [f"made with {self.start}", *map(str, self.steps), str(Update())]
        return "\n".join(f"{number:>4}  {line}" for number, line in enumerate(lines, 1))
