"""The demonstration ends with what its user needs next, or says why it cannot."""

import json
from pathlib import Path

import pytest

from farewell import main

ROWS = [{"environment": name, "id": "399103497e4e", "unseen": ""} for name in ("declared", "laptop")]
UNSEEN = {"environment": "image", "id": "", "unseen": "not looked at: no container engine"}


def report(folder: Path, *rows: dict[str, str]) -> None:
    (folder / ".nox" / "report").mkdir(parents=True)
    (folder / ".nox" / "report" / "report.json").write_text(json.dumps({"environments": rows, "findings": []}))


def test_it_names_the_folder_the_environment_and_the_next_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report(tmp_path, *ROWS, UNSEEN)
    code = main([str(tmp_path)])
    said = capsys.readouterr().out

    assert code == 0
    assert f"The service is in {tmp_path}" in said
    assert "Its environment id is 399103497e4e, seen in laptop." in said
    assert "Not looked at: image (no container engine)." in said
    assert f"cd {tmp_path} && uv run noxfile.py -s serve" in said


@pytest.mark.parametrize(
    "rows",
    [None, [], [ROWS[0], UNSEEN], [*ROWS, {**ROWS[1], "id": "000000000000"}]],
    ids=["no report", "no environments", "nothing looked at", "environments that differ"],
)
def test_it_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[dict[str, str]] | None) -> None:
    if rows is not None:
        report(tmp_path, *rows)
    code = main([str(tmp_path)])
    said = capsys.readouterr().err

    assert code == 1
    assert str(tmp_path / ".nox" / "report" / "report.json") in said
    assert "uv run noxfile.py" in said
