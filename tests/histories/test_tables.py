"""What was tried is summed up by version, and what was not is no success."""

import pytest

from snapshot import Template

from . import __main__ as session
from .cells import Cell, Verdict
from .tables import by_version
from .versions import Past


def test_a_table_sums_up_each_version_untouched_and_lived_in() -> None:
    one = Cell("v1.0.0", "flask", {"server": "gunicorn-gthread"}, lived=True)
    other = Cell("v1.0.0", "fastapi", {"server": "uvicorn"}, lived=True)
    untouched = Cell("v1.0.0", "flask", {"server": "gunicorn-gthread"}, lived=False)
    verdicts = {
        one: Verdict(conflicts=("pyproject.toml",), written=99, seconds=6.2),
        other: Verdict(written=101, lost=("README.md   Ours.   <- lost",), wrong=("a", "b"), seconds=5.1),
        untouched: Verdict(seconds=4.4),
    }

    assert by_version(verdicts).splitlines() == [
        "version  services   updates  in conflict  lines written  lines lost  wrong  seconds",
        "v1.0.0   untouched        1            0              0           0      0        4",
        "v1.0.0   lived-in         2            1            200           1      2       11",
    ]


def test_a_version_that_could_not_be_looked_at_is_no_success(
    template: Template, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shallow = Past(template, {}, {}, (), ("v0.0.1: 8652861 is not in this clone, which may be shallow",))
    monkeypatch.setattr(session, "clone_past", lambda _: shallow)
    monkeypatch.setattr(session, "become_nobody", lambda _: None)

    assert session.main(["rules"]) == 2
    assert "NOT LOOKED AT: v0.0.1: 8652861 is not in this clone" in capsys.readouterr().out
