"""Sessions make up secrets that nobody set, and nothing else."""

from pathlib import Path

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.stand_ins import made_up, stand_ins


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.lockstep]\nsecrets = ["A_KEY", "A_TOKEN"]\n')
    return tmp_path


def test_what_is_set_is_left_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "mine")
    monkeypatch.setenv("A_TOKEN", "")

    assert list(stand_ins(project)) == ["A_TOKEN"]


def test_each_value_is_long_and_stays_the_same_in_a_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    monkeypatch.delenv("A_TOKEN", raising=False)
    first = stand_ins(project)
    again = stand_ins(project)
    made_up.cache_clear()  # as another process has it
    other = stand_ins(project)

    assert again == first
    assert len({*first.values(), *other.values()}) == 4
    assert all(len(value) >= 50 for value in first.values())


def test_a_service_that_names_none_gets_none(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")

    assert stand_ins(tmp_path) == {}


def test_names_that_are_no_list_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.lockstep]\nsecrets = "A_KEY"\n')
    with pytest.raises(Refusal, match="cannot be read"):
        stand_ins(tmp_path)
