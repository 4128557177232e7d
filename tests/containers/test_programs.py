"""What the machine must have is what CI installs, and its absence is told with the remedy."""

from pathlib import Path

import pytest

from .programs import PACKAGES, CannotMake, require, uv_binary

CI = Path(__file__).parents[2] / ".ci" / "run"


@pytest.mark.parametrize("program", sorted(PACKAGES))
def test_ci_installs(program: str) -> None:
    assert f" {program}:{PACKAGES[program]}" in CI.read_text()


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CannotMake, match=r"(?s)not on PATH +strip, patchelf\n.*apt-get install binutils patchelf"):
        require("strip", "patchelf")


def test_the_uv_program_is_found_behind_what_stands_in_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV", raising=False)

    assert uv_binary().read_bytes().startswith(b"\x7fELF")
