"""Services of earlier versions come to today: untouched ones become new ones, lived-in ones lose nothing."""

import dataclasses
import sys
from pathlib import Path

import pytest

from notes import FOLDER, select_waiting
from snapshot import REPOSITORY, git

from .cells import Cell, try_cell
from .rules import read_notes
from .versions import TODAY, Past, clone_past

# A few of what the session `histories` goes through: the oldest and the newest, which may be one.
FEW = {
    "the oldest, untouched": (0, "flask-gunicorn-gthread-everywhere", False),
    "the newest, lived in": (-1, "fastapi-uvicorn", True),
}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """Earlier versions, as tags of a clone."""
    return clone_past(tmp_path_factory.mktemp("past") / "template")


@pytest.mark.parametrize("few", FEW)
def test_a_service_of_an_earlier_version_comes_to_today(few: str, known: Past, tmp_path: Path) -> None:
    place, name, lived = FEW[few]
    version = sorted(known.answers)[place]
    verdict = try_cell(known, Cell(version, name, known.answers[version][name], lived), tmp_path)

    assert not verdict.lost
    assert not verdict.wrong
    assert (verdict.written > 90) == lived


def test_todays_version_has_what_is_announced(known: Past) -> None:
    if known.missing == ("v0.1.0 is made up",):
        pytest.skip("a shallow clone has no earlier versions")
    waiting = select_waiting({path.name: path.read_text() for path in (REPOSITORY / FOLDER).iterdir()})

    assert read_notes(known.template, TODAY) == "\n".join(text for _, text in sorted(waiting.items()))


def test_what_could_not_be_looked_at_is_said(known: Past, capfd: pytest.CaptureFixture[str]) -> None:
    """A shallow clone has no earlier versions: one is made up, and whoever runs the tests sees it."""
    with capfd.disabled():
        for missing in known.missing:
            print(f"\nNOT LOOKED AT: {missing}", file=sys.stderr)

    assert known.answers


def test_a_conflict_that_nobody_foresaw_and_a_loss_are_wrong(known: Past, tmp_path: Path) -> None:
    """The template edits the line that the team edited, and drops a file that it shares with the team."""
    newest = sorted(known.answers)[-1]
    git(known.template.path, "clone", "--quiet", str(known.template.path), str(tmp_path / "template"))
    other = dataclasses.replace(known.template, path=tmp_path / "template")
    for path in other.path.glob("questions/servers/*.toml"):
        path.write_text(path.read_text().replace("drain = { default = 20", "drain = { default = 22"))
    (other.path / "template" / ".gitignore").unlink()
    git(other.path, "tag", "--delete", "v9999.0.0")
    other.release("v9999.0.0")
    name = "flask-gunicorn-gthread"
    verdict = try_cell(
        dataclasses.replace(known, template=other), Cell(newest, name, known.answers[newest][name], True), tmp_path
    )

    assert verdict.wrong == ("src/orders_api/server.toml   <- in conflict",)
    assert verdict.lost == (".gitignore   <- gone, with 2 lines of the team's",)
