"""Sessions make up secrets that nobody set, and nothing else."""

from pathlib import Path

import pytest

from lockstep.errors import Refusal
from lockstep.stand_ins import stand_ins


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.lockstep]\nsecrets = ["A_KEY", "A_TOKEN"]\n')
    return tmp_path


def test_what_is_set_is_left_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "mine")
    monkeypatch.setenv("A_TOKEN", "")

    assert list(stand_ins(project)) == ["A_TOKEN"]


def test_each_value_is_long_and_new(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    first, second = stand_ins(project), stand_ins(project)

    assert len({*first.values(), *second.values()}) == len(first) + len(second)
    assert all(len(value) >= 50 for value in first.values())


def test_a_service_that_names_none_gets_none(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")

    assert stand_ins(tmp_path) == {}


def test_names_that_are_no_list_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.lockstep]\nsecrets = "A_KEY"\n')
    with pytest.raises(Refusal, match="cannot be read"):
        stand_ins(tmp_path)
