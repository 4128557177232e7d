"""Histories drawn at random go well, and one that does not is told as a list of steps."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from services import Service
from snapshot import Template

from .drawn import Wrong, walk_histories
from .starts import Starts, make_starts
from .steps import Answers, History, Release, Team, Update
from .walk import Walk

COUNT, LONGEST = 3, 3  # the session `histories` walks 200 of up to 8 steps


@pytest.fixture(scope="module")
def starts(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Starts:
    """Where services of today begin."""
    return make_starts(template.path, tmp_path_factory.mktemp("starts"))


def untold(history: History, wrong: Sequence[str]) -> None:
    """Nobody watches."""


def test_random_histories_lose_nothing(starts: Starts) -> None:
    walk_histories(starts, count=COUNT, number=1, longest=LONGEST, told=untold)


def test_a_history_that_goes_wrong_is_told_in_its_fewest_steps(starts: Starts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: whoever bumps the version loses something; nothing else of the histories is run."""

    def follow(walk: Walk, history: History) -> list[str]:
        return ["pyproject.toml   ours   <- lost"] if Team("moves its version") in history.steps else []

    def start(starts: Starts, start: str, folder: Path) -> tuple[Template, Service]:
        return starts.template, Service(folder, {})

    monkeypatch.setattr(Walk, "follow", follow)
    monkeypatch.setattr(Starts, "start", start)
    with pytest.raises(Wrong) as raised:
        walk_histories(starts, count=400, number=1, told=untold)

    assert str(raised.value).splitlines() == [
        "This history goes wrong.",
        "",
        "   1  made with fastapi, uvicorn",
        "   2  the team moves its version",
        "   3  the team updates",
        "",
        "  pyproject.toml   ours   <- lost",
    ]


def test_every_kind_of_step_goes_well_together(starts: Starts, tmp_path: Path) -> None:
    steps = (
        Team("adds a requirement"),
        Release(("asks a question", "moves a file", "shares a file")),
        Team("notes how to operate it"),
        Update(),
        Answers("extra", 0),
        Release(("renames a question", "builds other wheels")),
        Release(("renames a question", "requires a newer package")),
        Answers("server", 1),
        Update(),
    )
    walk = Walk(*starts.start("fastapi, uvicorn", tmp_path))
    wrong = walk.follow(History("fastapi, uvicorn", steps))

    assert wrong == [], "\n".join(wrong)
    assert walk.yes == "extra_4"
    assert (walk.service.path / "extra" / "2.txt").exists()
