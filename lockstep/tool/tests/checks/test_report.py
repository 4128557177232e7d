"""Findings are reported whole: each in three parts, what is wrong first, and beside the line for CI."""

import re
from collections.abc import Iterator

import pytest

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.checks.report import Findings, annotate, judge, run_checks

WRONG = Finding("versions", "uv is stated two ways.", (("uv.toml", "1"), ("Dockerfile:3", "2   <- differs")), "Put 1 there.")
WARNED = Finding("images", "A tag can be moved.", (("Dockerfile:1", "a:1"),), "Pin it.", Severity.WARNING)
UNSEEN = Finding("lock fresh", "uv cannot judge.", (("uv lock", "no"),), "Install it.", Severity.UNKNOWN)


def test_what_is_wrong_stands_first_and_each_in_three_parts() -> None:
    with pytest.raises(Findings) as raised:
        judge("pins", [WARNED, WRONG])

    assert raised.value.code == DIFFERENT
    assert str(raised.value).split("\n\n") == [
        "uv is stated two ways.",
        "  uv.toml        1\n  Dockerfile:3   2   <- differs",
        "Put 1 there.\nWhy: uv run noxfile.py -s explain -- versions",
        "warning: A tag can be moved.",
        "  Dockerfile:1   a:1",
        "Pin it.\nWhy: uv run noxfile.py -s explain -- images",
    ]


def test_warnings_alone_are_returned_in_two_lines() -> None:
    assert judge("pins", [WARNED]) == ["warning: A tag can be moved (Dockerfile:1)\n  Pin it."]


def test_what_could_not_be_looked_at_is_never_green() -> None:
    with pytest.raises(Findings) as raised:
        judge("lock", [WARNED, UNSEEN])

    assert raised.value.code == COULD_NOT_LOOK


def test_what_is_wrong_counts_more_than_what_was_not_looked_at() -> None:
    with pytest.raises(Findings) as raised:
        judge("lock", [UNSEEN, WRONG])

    assert raised.value.code == DIFFERENT


def refuse(*_: object) -> Iterator[Finding]:
    raise Refusal("pyproject.toml cannot be read.", [("pyproject.toml", "conflict markers")], "Mend it.")
    yield WRONG


def find_one(*_: object) -> Iterator[Finding]:
    yield WRONG


def test_a_check_that_cannot_look_leaves_the_others_their_say_and_is_heard_once() -> None:
    words = ("asks", "why", "allowed", "fix")
    checks = [Check("a", "pins", *words, refuse), Check("b", "pins", *words, refuse), Check("c", "pins", *words, find_one)]

    found = list(run_checks(checks, None))

    assert [(finding.check, finding.what) for finding in found] == [
        ("a", "pyproject.toml cannot be read."),
        ("versions", "uv is stated two ways."),
    ]


def test_github_is_given_the_lines_that_are_to_blame(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    annotate("pins", [WRONG, WARNED, Finding("bytes", "differs", environment="the image")])

    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"::error file=Dockerfile,line=3,title=lockstep pins, versions::uv is stated .*", lines[0])
    assert lines[1].startswith("::warning file=Dockerfile,line=1,title=lockstep pins, images::")
    assert lines[2].startswith("::error title=lockstep pins, bytes::differs")


def test_elsewhere_nothing_is_annotated(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    annotate("pins", [WRONG])

    assert capsys.readouterr().err == ""
