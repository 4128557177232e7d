"""The ledger of what the team wrote misses nothing, and does not cry wolf."""

from collections.abc import Callable
from pathlib import Path

import pytest

from history import append, replace
from owners import Owners
from services import Service
from snapshot import git

from .ledger import Ledger, find_entered
from .looking import find_leftovers

PROJECT = '[project]\nname = "x"\nversion = "1"\ndependencies = [\n    "a",\n]\n\n[dependency-groups]\ntests = [\n    "b",\n]\n'


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A repository in which a team added a file and a requirement, and deleted a page."""
    for name, text in {"pyproject.toml": PROJECT, "page.md": "One.\n", "uv.lock": "a\n"}.items():
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    git(tmp_path, "tag", "begin")
    (tmp_path / "ours.py").write_text("ONE = 1\nTWO = 2\n")
    replace(tmp_path / "pyproject.toml", '    "a",\n', '    "a",\n    "six",\n')
    (tmp_path / "page.md").unlink()
    append(tmp_path / "uv.lock", "b\n")
    commit(tmp_path)
    return Service(tmp_path, {})


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Ours")


def ledger(service: Service) -> Ledger:
    made = Ledger()
    made.enter(service.path, "begin", "HEAD")
    return made


LOSSES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a line": (lambda folder: (folder / "ours.py").write_text("ONE = 1\n"), "ours.py   TWO = 2   <- lost"),
    "a file": (lambda folder: (folder / "ours.py").unlink(), "ours.py   <- gone, with 2 lines of the team's"),
    "a deletion": (lambda folder: (folder / "page.md").touch(), "page.md   <- deleted by the team, and back"),
    "a place": (
        lambda folder: (folder / "pyproject.toml").write_text(PROJECT.replace('    "b",\n', '    "b",\n    "six",\n')),
        "pyproject.toml   project.dependencies[] = 'six'   <- not stated there any more",
    ),
}


def test_what_is_still_there_is_not_lost(service: Service) -> None:
    mine = ledger(service)
    (service.path / "ours.py").write_text("# Lockstep's.\nTWO = 2\nTHREE = 3\nONE = 1\n")
    (service.path / "uv.lock").write_text("c\n")

    assert mine.written() == 3
    assert mine.lost(service.path) == []


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_named(loss: str, service: Service) -> None:
    mine = ledger(service)
    plant, said = LOSSES[loss]
    plant(service.path)

    assert mine.lost(service.path) == [said]


def test_what_the_team_took_back_is_not_expected(service: Service) -> None:
    mine = ledger(service)
    before = git(service.path, "rev-parse", "HEAD").strip()
    (service.path / "ours.py").write_text("ONE = 1\n")
    replace(service.path / "pyproject.toml", '    "six",\n', "")
    commit(service.path)
    mine.enter(service.path, before, "HEAD")

    assert mine.written() == 1
    assert mine.lost(service.path) == []


def test_a_change_in_a_directory_of_the_teams_is_named(service: Service) -> None:
    append(service.path / "ours.py", "# Lockstep was here.\n")

    assert find_entered(service.path, Owners(team=["ours.py"], shared=[])) == ["ours.py   <- entered"]


def test_markers_and_rejects_are_named(service: Service) -> None:
    append(service.path / "ours.py", "<<<<<<< before updating\n")
    (service.path / "ours.py.rej").touch()

    assert find_leftovers(service) == ["ours.py.rej   <- rejected", "ours.py   <- has markers, and git knows of no conflict"]
