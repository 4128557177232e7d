"""Look at any repositories, read only: which checks hold there. Several at once, over the processors.

Nothing is written there, nothing of theirs is run, and nothing is fetched.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, SAME, Refusal
from lockstep_serve.workers import cpus
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.hermetic import environment
from lockstep_tool.repositories import image, moving, versions
from lockstep_tool.repositories.checked import Checked, Column
from lockstep_tool.repositories.facts import Facts
from lockstep_tool.repositories.installs import has_installs, installs
from lockstep_tool.repositories.lock import lock
from lockstep_tool.repositories.lock_files import Hosts
from lockstep_tool.repositories.repository import open_repository
from lockstep_tool.repositories.start import has_start_commands, start
from lockstep_tool.repositories.tools import mentions_tools, tools

__all__ = ["check", "check_all", "columns", "verdict"]

PROJECT = ("pyproject.toml", "setup.py", "setup.cfg", "requirements*.txt", "requirements/*.txt", "Pipfile", "*.py")


def columns(settings: Mapping[str, str], hosts: Hosts) -> Sequence[Column]:
    """What is asked of every repository, in the order of the table; the first needs what is given here."""
    lock_of = partial(lock, settings=settings, hosts=hosts)
    return (
        Column("lock", "One lock, which answers what is asked for and pins every file by hash.", lock_of),
        Column("python", "Python is stated to the patch, and every file says the same.", versions.python),
        Column("tools", "uv and nox are stated, and every file says the same.", tools, mentions_tools),
        Column("installs", "CI and the image install what is locked, and nothing else.", installs, has_installs),
        Column("bases", "Base images cannot move: each has a digest.", moving.bases, moving.has_images),
        Column("actions", "Steps of CI that others own are pinned to a commit.", moving.actions, moving.has_steps),
        Column("start", "Production starts one way, with workers that fit and an end to draining.", start, has_start_commands),
        Column("user", "The image does not run as root.", image.user, image.has_builds),
        Column("context", "What an image build may see is stated.", image.context, image.has_builds),
    )


def check_all(paths: Sequence[Path], hosts: Hosts, *, jobs: int | None = None) -> list[Checked]:
    """Every path once, in the order given; `jobs` processes at most, by default one for each processor."""
    settings = environment()
    jobs = min(jobs or cpus(), len(paths))
    with Progress(console=Console(stderr=True), transient=True, disable=len(paths) < 2 or not sys.stderr.isatty()) as progress:
        task = progress.add_task("looking", total=len(paths))
        if jobs < 2:
            return [check(path, settings, hosts) for path in progress.track(paths, task_id=task)]
        # Not a fork: a caller may have threads.
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            futures = {pool.submit(check, path, settings, hosts): path for path in paths}
            for _ in as_completed(futures):
                progress.advance(task)
        return [result_of(future, path) for future, path in futures.items()]


def result_of(future: Future[Checked], path: Path) -> Checked:
    """What a process found, or that it was ended from outside."""
    try:
        return future.result()
    except BrokenProcessPool:
        return Checked(path, unseen="the process that looked was ended, perhaps for lack of memory")


def check(path: Path, settings: Mapping[str, str], hosts: Hosts) -> Checked:
    """One repository; whatever goes wrong is what it says, and does not keep the others from being looked at."""
    try:
        repository = open_repository(path)
        if not repository.named(*PROJECT):
            return Checked(path, unseen="no Python project: neither pyproject.toml nor requirements.txt nor Python files")
        asked, facts = columns(settings, hosts), Facts(repository)
        empty = [column.name for column in asked if not applies(column, facts)]
        found = [finding for column in asked if column.name not in empty for finding in look_for(column, facts)]
        return Checked(path, found, empty)
    except Refusal as refusal:
        return Checked(path, unseen=f"{refusal.where[0][1]}" if refusal.where else refusal.wrong)
    except Exception as error:
        return Checked(path, unseen=f"{type(error).__name__}: {error}")


def look_for(column: Column, facts: Facts) -> Iterator[Finding]:
    """What is found for one column; a file that cannot be read leaves it open, and the others go on."""
    try:
        yield from column.find(facts)
    except Refusal as refusal:
        yield Finding(column.name, refusal.wrong, refusal.where, refusal.fix, Severity.UNKNOWN)


def applies(column: Column, facts: Facts) -> bool:
    """Whether there is anything to look at; a file that cannot be read is something."""
    try:
        return column.applies(facts)
    except Refusal:
        return True


def verdict(found: Sequence[Checked]) -> int:
    """1 when something is broken anywhere, else 2 when something could not be looked at, else 0."""
    if any(checked.count(Severity.ERROR) for checked in found):
        return DIFFERENT
    return COULD_NOT_LOOK if any(checked.unseen or checked.count(Severity.UNKNOWN) for checked in found) else SAME
