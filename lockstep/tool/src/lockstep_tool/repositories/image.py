"""The columns `user` and `context`: as whom an image runs, and what its build may see."""

from collections.abc import Iterator

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.dockerfile import Stage, fill
from lockstep_tool.repositories.facts import IMAGES, Facts

__all__ = ["context", "has_builds", "user"]

ROOT = frozenset({"root", "0"})
FIX = "End it with `USER 10001:10001`: a number, so that Kubernetes sees that it is not root."


def has_builds(facts: Facts) -> bool:
    """Whether a Dockerfile has a stage, or cannot be read."""
    return bool(facts.built) or facts.has_unread(*IMAGES)


def user(facts: Facts) -> Iterator[Finding]:
    """The last USER of each Dockerfile's last stage, and of the stages that it begins from."""
    for one in facts.built:
        last = one.stages[-1]
        stated = last.last("USER")
        if stated is None:
            yield from judge_silence(one.name, last)
            continue
        name = fill(stated.rest, last.values).split(":")[0].strip("\"'")
        row = ((f"{one.name}:{stated.line}", f"USER {stated.rest}"),)
        if name in ROOT:
            yield Finding("user", "The image runs as root.", row, FIX)
        elif "$" in name:
            yield Finding("user", "As whom the image runs cannot be known from the text.", row, FIX, Severity.UNKNOWN)
    yield from facts.describe_unread("user", *IMAGES)


def judge_silence(name: str, stage: Stage) -> Iterator[Finding]:
    """Docker's own images run as root unless they say otherwise; of others only who made them knows."""
    row = ((f"{name}:{stage.line}", f"no USER, from {stage.base}"),)
    repository = stage.base.partition("@")[0].removeprefix("docker.io/").removeprefix("library/").partition(":")[0]
    if stage.base == "scratch" or (repository and not {"/", "$"} & set(repository)):
        yield Finding("user", "The image runs as root.", row, FIX)
    elif "nonroot" not in stage.base:
        yield Finding("user", "As whom the image runs is up to what it is built from.", row, FIX, Severity.UNKNOWN)


def context(facts: Facts) -> Iterator[Finding]:
    """Without `.dockerignore`, `COPY . .` takes secrets, .git and the laptop's environment along."""
    if not facts.repository.named(".dockerignore", "*.dockerignore"):
        fix = "Write .dockerignore: `*`, then a line `!NAME` for each ingredient of the image."
        said = "An image build sees everything, .git and .env too."
        yield Finding("context", said, ((".dockerignore", "missing"),), fix)
