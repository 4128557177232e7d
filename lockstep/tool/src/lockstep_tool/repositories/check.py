"""Look at any repositories, read only: which pins and facets hold there. Several at once, over the processors.

Nothing is written there, nothing of theirs is run, and nothing is fetched.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, SAME, Refusal
from lockstep_serve.workers import cpus
from lockstep_tool.hermetic import environment
from lockstep_tool.repositories import check_lock, check_moving, check_start, check_versions
from lockstep_tool.repositories.check_look import BROKEN, UNSEEN, Checked, Look
from lockstep_tool.repositories.repository import Repository, open_repository

__all__ = ["check", "check_all", "verdict"]

PROJECT = ("pyproject.toml", "setup.py", "setup.cfg", "requirements*.txt", "requirements/*.txt", "Pipfile", "*.py")


def check_all(paths: Sequence[Path], *, jobs: int | None = None) -> list[Checked]:
    """Every path once, in the order given; `jobs` processes at most, by default one for each processor."""
    settings = environment()
    jobs = min(jobs or cpus(), len(paths))
    if jobs < 2:
        return [told(check(path, settings), number, len(paths)) for number, path in enumerate(paths, 1)]
    # Not a fork: a caller may have threads.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(check, path, settings): path for path in paths}
        for number, future in enumerate(as_completed(futures), 1):
            told(answer(future, futures[future]), number, len(paths))
    return [answer(future, path) for future, path in futures.items()]


def answer(future: Future[Checked], path: Path) -> Checked:
    """What a process found, or that it was ended from outside."""
    try:
        return future.result()
    except BrokenProcessPool:
        return Checked(path, unseen="the process that looked was ended, perhaps for lack of memory")


def told(checked: Checked, number: int, count: int) -> Checked:
    """Progress, where somebody watches."""
    if count > 1 and sys.stderr.isatty():
        end = "\r" if number < count else "\r\033[K"
        print(f"\033[K  {number}/{count} looked at: {checked.name}", end=end, file=sys.stderr, flush=True)
    return checked


def check(path: Path, settings: Mapping[str, str]) -> Checked:
    """One repository; whatever goes wrong is what it says, and does not keep the others from being looked at."""
    try:
        repository = open_repository(path)
        if not repository.named(*PROJECT):
            return Checked(path, unseen="no Python project: neither pyproject.toml nor requirements.txt nor Python files")
        return Checked(path, list(looks(repository, settings)))
    except Refusal as refusal:
        return Checked(path, unseen=f"{refusal.where[0][1]}" if refusal.where else refusal.wrong)
    except Exception as error:
        return Checked(path, unseen=f"{type(error).__name__}: {error}")


def looks(repository: Repository, settings: Mapping[str, str]) -> Iterator[Look]:
    """What is found, facet by facet; a file that cannot be read leaves its facet open, and the others go on."""
    facets: Mapping[str, Callable[[Repository], Iterator[Look]]] = {
        "lock": partial(check_lock.look, settings=settings),
        "python": check_versions.python,
        "tools": check_versions.tools,
        "installs": check_moving.installs,
        "bases": check_moving.bases,
        "actions": check_moving.actions,
        "start": check_start.look,
        "user": check_moving.user,
        "context": check_moving.context,
    }
    for facet, look in facets.items():
        try:
            yield from look(repository)
        except Refusal as refusal:
            yield Look(facet, UNSEEN, refusal.wrong, refusal.where, refusal.fix)


def verdict(found: Sequence[Checked]) -> int:
    """1 when something is broken anywhere, else 2 when something could not be looked at, else 0."""
    if any(checked.count(BROKEN) for checked in found):
        return DIFFERENT
    return COULD_NOT_LOOK if any(checked.unseen or checked.count(UNSEEN) for checked in found) else SAME
