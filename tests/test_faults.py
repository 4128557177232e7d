"""What the session `faults` does, on a few; and services of random answers, of which no session may say anything."""

from pathlib import Path

import pytest

from faults.__main__ import FAULTS, told
from faults.fault import Fault
from faults.good import alarms_of_files, answers_of
from faults.table import PAGE, Outcome
from faults.today import TOOLS
from lockstep_tool.checks.registry import every_check
from snapshot import Template

SAMPLE = 6
# Checks of which no fault can be planted, each with the reason.
NO_FAULT: dict[str, str] = {}


@pytest.mark.parametrize("number", range(SAMPLE))
def test_a_service_of_random_answers_has_no_finding(template: Template, tmp_path: Path, number: int) -> None:
    answers = list(answers_of(template, SAMPLE, seed=2026))[number]
    root = tmp_path / str(answers["project_name"])
    done = template.copy(root, answers)
    assert done.returncode == 0, done.stderr

    assert alarms_of_files(root) == [], answers


def test_the_same_seed_gives_the_same_services(template: Template) -> None:
    first = list(answers_of(template, 20, seed=1))

    assert first == list(answers_of(template, 20, seed=1))
    assert first != list(answers_of(template, 20, seed=2))
    assert {answers["framework"] for answers in first} == {"fastapi", "flask", "django"}


def test_each_fault_has_a_name_of_its_own() -> None:
    names = [fault.name for fault in FAULTS]

    assert len(names) >= 40
    assert sorted(set(names)) == sorted(names)


def test_every_check_has_a_fault_that_shows_it() -> None:
    shown = {(fault.check, fault.session) for fault in FAULTS}
    known = {(name, check.session) for name, check in every_check().items()}

    assert sorted(name for name, _ in known - shown if name not in NO_FAULT) == []
    assert sorted(NO_FAULT.keys() & {name for name, _ in shown}) == []


def test_every_fault_is_of_a_check_that_there_is() -> None:
    named = {(fault.check, fault.session) for fault in FAULTS if fault.check and fault.session != "prove"}  # it has steps
    known = every_check()

    assert sorted(named - {(name, check.session) for name, check in known.items()}) == []
    assert sorted({check for fault in FAULTS for check in fault.also} - known.keys()) == []


def test_the_page_has_every_fault_and_each_is_caught() -> None:
    rows = PAGE.read_text(encoding="utf-8").splitlines()
    listed = [row.split(" | ")[0].removeprefix("| ") for row in rows if row.startswith("| ") and " | `" in row]
    listed += [row.removeprefix("- ") for row in rows if row.startswith("- ")]  # named as not run yet

    assert [fault.name for fault in FAULTS if fault.name not in listed] == []
    assert [row for row in rows if "| not caught" in row] == []


def test_a_fault_that_is_not_caught_fails_the_session_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    fault = Fault("a fault that nobody sees", lambda _: None, "pins", "versions", "")
    code = told([Outcome(fault, "", dict.fromkeys(TOOLS, "passed"), "nothing is blamed")])

    assert code == 1
    assert "not caught: a fault that nobody sees: nothing is blamed" in capsys.readouterr().out


def test_a_fault_that_cannot_be_planted_here_is_not_green(capsys: pytest.CaptureFixture[str]) -> None:
    fault = Fault("a fault in the image", lambda _: None, "parity", "bytes", "", "image")
    code = told([Outcome(fault, "", {}, "no container engine answers", unseen=True)])

    assert code == 2
    assert "not looked at: a fault in the image: no container engine answers" in capsys.readouterr().out
