"""The demonstration ends with what its user needs next, or says why it cannot."""

import json
from pathlib import Path

import pytest

from farewell import main

SEEN = {"environment": "399103497e4e", "unseen": ""}
PLACES = [{"place": "promise", **SEEN}, {"place": "laptop", **SEEN}]
UNSEEN = {"place": "image", "environment": "", "unseen": "not looked at: no container engine"}


def report(folder: Path, *places: dict[str, str]) -> None:
    (folder / ".lockstep").mkdir()
    (folder / ".lockstep" / "report.json").write_text(json.dumps({"places": places, "findings": []}))


def test_it_names_the_folder_the_environment_and_the_next_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report(tmp_path, *PLACES, UNSEEN)
    code = main([str(tmp_path)])
    said = capsys.readouterr().out

    assert code == 0
    assert f"The service is in {tmp_path}" in said
    assert "Its environment id is 399103497e4e, seen in laptop." in said
    assert "Not looked at: image (no container engine)." in said
    assert f"cd {tmp_path} && uv run noxfile.py -s serve" in said


@pytest.mark.parametrize(
    "places",
    [None, [], [PLACES[0], UNSEEN], [*PLACES, {**PLACES[1], "environment": "000000000000"}]],
    ids=["no report", "no places", "nothing looked at", "places that disagree"],
)
def test_it_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str], places: list[dict[str, str]] | None) -> None:
    if places is not None:
        report(tmp_path, *places)
    code = main([str(tmp_path)])
    said = capsys.readouterr().err

    assert code == 1
    assert str(tmp_path / ".lockstep" / "report.json") in said
    assert "uv run noxfile.py" in said
