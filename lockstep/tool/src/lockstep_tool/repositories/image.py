"""The columns `user` and `context`: as whom an image runs, and what its build may see."""

import posixpath
from collections.abc import Iterator

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.dockerfile import Stage, fill
from lockstep_tool.repositories.facts import COMPOSE, IMAGES, Facts

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
    """Without `.dockerignore`, `COPY . .` takes secrets, .git and the laptop's environment along. It counts where the
    context of a build is, or beside the Dockerfile with its name.
    """
    fix = "Write .dockerignore: `*`, then a line `!NAME` for each ingredient of the image."
    there = {*facts.repository.named(".dockerignore", "*.dockerignore")}
    stated = dict[str, set[str]]()
    for name, folder in contexts_stated(facts):
        stated.setdefault(name, set()).add(folder)
    missing, unknown = [], []
    for one in facts.built:
        if f"{one.name}.dockerignore" in there:
            continue
        folders = stated.get(one.name) or {"", one.name.rpartition("/")[0]}
        without = sorted(folder for folder in folders if f"{folder}/.dockerignore".lstrip("/") not in there)
        rows = [(f"{folder}/.dockerignore".lstrip("/"), f"missing, for {one.name}") for folder in without]
        if len(without) == len(folders) or one.name in stated:
            missing += rows
        else:
            unknown += rows
    if missing:
        said = "An image build sees everything, .git and .env too."
        yield Finding("context", said, tuple(missing[:4]), fix)
    if unknown:
        said = "What an image build may see depends on where it is started."
        yield Finding("context", said, tuple(unknown[:4]), fix, Severity.UNKNOWN)
    yield from facts.describe_unread("context", *IMAGES, *COMPOSE)


def contexts_stated(facts: Facts) -> Iterator[tuple[str, str]]:
    """Dockerfiles, each with a folder that Compose or CI builds it in; a folder with a variable in it is nobody's."""
    pairs = [
        (join(name.rpartition("/")[0], one.context), one.file) for name, found in facts.composed for one in found if one.built
    ]
    for step in facts.steps:
        if step.action == "docker/build-push-action":
            folder = step.inputs.get("context", ("", "."))[1]
            file = step.inputs.get("file", ("", join(folder, "Dockerfile")))[1]
            pairs.append((folder, posixpath.relpath(file, folder) if "$" not in folder + file else file))
    for folder, file in pairs:
        if "$" not in folder + file:
            yield join(folder, file), join(folder, "")


def join(folder: str, name: str) -> str:
    """A path below the top; empty for the top itself."""
    path = posixpath.normpath(posixpath.join(folder, name))
    return "" if path == "." else path
