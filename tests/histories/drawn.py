"""Histories drawn at random from a seed, and shrunk to the shortest one that still goes wrong."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .changes import CHANGES
from .edits import EDITS
from .starts import STARTS, Starts
from .steps import Answers, History, Release, Step, Team, Update
from .walk import Walk

__all__ = ["Wrong", "histories", "walk_histories"]


LONGEST = 8  # steps of a history


class Wrong(AssertionError):
    """A history after which something does not hold; its text is the history and what that is."""


def histories(longest: int) -> st.SearchStrategy[History]:
    """Of so many steps at most; the team's own are the most frequent."""
    team = st.sampled_from(list(EDITS)).map(Team)
    release = st.lists(st.sampled_from(list(CHANGES)), min_size=1, max_size=3, unique=True).map(tuple).map(Release)
    answers = st.builds(Answers, st.sampled_from(["server", "deploy", "ci", "extra"]), st.integers(0, 15))
    step: st.SearchStrategy[Step] = st.one_of(team, team, team, release, release, answers, st.just(Update()))
    steps = st.lists(step, min_size=1, max_size=longest).map(tuple)
    return st.builds(History, st.sampled_from(list(STARTS)), steps)


def walk_histories(
    starts: Starts,
    *,
    count: int,
    number: int,
    told: Callable[[History, Sequence[str]], None],
    longest: int = LONGEST,
    proved: int = 0,
) -> None:
    """Draw `count` histories from the seed `number` and walk each; raises Wrong with the shortest that goes wrong.

    Every `proved`-th one ends with the service's own proofs, too, which take some ten seconds.
    """
    done = 0

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        print_blob=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories(longest))
    def lives(history: History) -> None:
        nonlocal done
        with tempfile.TemporaryDirectory(prefix="history-") as folder:
            walk = Walk(*starts.start(history.start, Path(folder)))
            wrong = walk.follow(history)
            if not wrong and proved and done % proved == proved - 1:
                wrong = run_proofs(walk)
        done += 1
        told(history, wrong)
        if wrong:
            raise Wrong("\n".join(["This history goes wrong.", "", repr(history), "", *(f"  {line}" for line in wrong)]))

    lives()


def run_proofs(walk: Walk) -> list[str]:
    """The service's own sessions that judge the lock, the pins and the running server."""
    done = walk.service.nox("lock", "pins", "prove")
    return [] if done.returncode == 0 else done.stdout.strip().splitlines()[-20:]
