"""Sessions make up secrets that nobody set, and nothing else."""

from pathlib import Path

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.stand_ins import SEED, stand_ins


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.lockstep]\nsecrets = ["A_KEY", "A_TOKEN"]\n')
    return tmp_path


def test_what_is_set_is_left_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "mine")
    monkeypatch.setenv("A_TOKEN", "")

    assert list(stand_ins(project)) == ["A_TOKEN"]


def test_each_value_is_long_and_stays_the_same_in_a_checkout(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    monkeypatch.delenv("A_TOKEN", raising=False)
    first = stand_ins(project)
    again = stand_ins(project)
    (project / SEED).unlink()  # as `rm -rf .nox` does
    other = stand_ins(project)

    assert again == first
    assert len({*first.values(), *other.values()}) == 4
    assert all(len(value) == 64 for value in first.values())


def test_nobody_else_can_read_what_they_are_made_from(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    stand_ins(project)

    assert (project / SEED).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (project / SEED).parent.iterdir()] == [SEED.name]


def test_a_service_that_names_none_gets_none(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")

    assert stand_ins(tmp_path) == {}


def test_names_that_are_no_list_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.lockstep]\nsecrets = "A_KEY"\n')
    with pytest.raises(Refusal, match="cannot be read"):
        stand_ins(tmp_path)
