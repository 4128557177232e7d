"""The check `not judged`: which files the team has asked `pins` to leave alone for now."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.service import Service

__all__ = ["CHECK"]

STATED = "pyproject.toml [tool.lockstep] not-judged"


def find(service: Service) -> Iterator[Finding]:
    """Each file that is left out is named in every run; one that is not there is an error."""
    for name in sorted(service.not_judged):
        if (service.root / name).is_file():
            yield CHECK.finding(f"{name} is not judged.", where=((STATED, name),), severity=Severity.WARNING)
        else:
            yield CHECK.finding(f"{name} is not to be judged, and is not there.", where=((STATED, f"{name}   <- not there"),))


CHECK = Check(
    name="not judged",
    session="pins",
    asks="Which files are left out, as `[tool.lockstep] not-judged` says; `adopt` lists those that state something of their own.",
    why="What is left out for a while is forgotten unless every run names it.",
    allowed="A file that is listed, named in each run.",
    fix="Let the file agree, and take its line out of not-judged in pyproject.toml.",
    find=find,
)
