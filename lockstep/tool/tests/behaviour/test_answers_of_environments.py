"""Parity asks the servers of this machine the same, names what they answer otherwise, and nothing that changes by itself."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding
from lockstep_tool.environments import answers, behaviour
from lockstep_tool.environments.asking import Answers
from lockstep_tool.environments.behaviour import compare_answers
from lockstep_tool.prove import subject
from lockstep_tool.prove.production import Production
from tiny_service import TinyService, write_tiny_service

DEV = 'import os\n\nDEV = os.environ.get("TINY_PLACE") == "dev"\nplain = answer\n'


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyService:
    """A service with two environments: they differ in a variable, as others differ in what is installed."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "tiny" / "src"))
    service = write_tiny_service(tmp_path / "tiny", "uvicorn")
    for name in (".nox/production/bin/python", ".nox/dev/bin/python", "uv.lock", ".python-version"):
        (service.root / name).parent.mkdir(parents=True, exist_ok=True)
        (service.root / name).write_text("", encoding="utf-8")
    monkeypatch.setattr(behaviour, "read_production", lambda _: service.production)
    monkeypatch.setattr(behaviour, "read_development", lambda one: replace(one, made_up={"TINY_PLACE": "dev"}))
    monkeypatch.setattr(behaviour, "variables", lambda _: {})
    return service


def plant(service: TinyService, code: str) -> None:
    service.plant("tiny/answers.py", DEV + code)


def find(
    service: TinyService, found: tuple[Finding, ...] = (), images: Mapping[str, str] | None = None
) -> list[tuple[str, str, str]]:
    """Environment, severity and what is said, of each finding."""
    every = compare_answers(service.production.service, "laptop", images or {}, found)
    return [(finding.environment, str(finding.severity), finding.what) for finding in every]


def test_a_good_service_answers_alike_in_development_and_production(service: TinyService) -> None:
    assert find(service) == []


DIFFERENCES = {
    "a body": ('(200, "there") if DEV else plain(path)', "GET /: body of 5 bytes, 'there' (laptop: of 4 bytes, 'fine')"),
    "a status": ('(418, "") if DEV else plain(path)', "GET /: status 418 (laptop: 200)"),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_another_answer_of_the_development_server_is_named_by_its_request(service: TinyService, difference: str) -> None:
    answer, what = DIFFERENCES[difference]
    plant(service, f'def answer(path):\n    return ({answer}) if path == "/" else plain(path)')

    assert find(service) == [("dev", "error", what)]


ANSWER = "\n\ndef answer(path):\n    return (200, {}) if path == '/' else plain(path)"
CHANGING = {
    "with each answer": "import secrets" + ANSWER.format("secrets.token_hex(8)"),
    "with each start": "import secrets\n\nSTARTED = secrets.token_hex(8)" + ANSWER.format("STARTED"),
}


@pytest.mark.parametrize("moment", CHANGING)
def test_what_changes_by_itself_is_named_and_is_no_difference(service: TinyService, moment: str) -> None:
    plant(service, CHANGING[moment])

    assert find(service) == [("laptop", "allowed", "GET /: body changes from one answer to the next, not compared")]


SECOND = "import itertools\n\nCOUNT = itertools.count()\n"
ALONE = {
    "a status": (
        "(500, '') if DEV and path == '/' and next(COUNT) % 2 else plain(path)",
        "GET /: status changes from one answer to the next (laptop: does not)",
    ),
    "a body": (
        "(200, 'there') if DEV and path == '/' and next(COUNT) % 2 else plain(path)",
        "GET /: body changes from one answer to the next (laptop: does not)",
    ),
}


@pytest.mark.parametrize("part", ALONE)
def test_what_changes_in_one_environment_alone_is_a_difference(service: TinyService, part: str) -> None:
    answer, what = ALONE[part]
    plant(service, f"{SECOND}\n\ndef answer(path):\n    return {answer}")

    assert find(service) == [("dev", "error", what)]


def test_a_status_that_changes_everywhere_is_not_allowed(service: TinyService) -> None:
    answer = "(500, '') if path == '/' and next(COUNT) % 2 else plain(path)"
    plant(service, f"{SECOND}\n\ndef answer(path):\n    return {answer}")

    assert find(service) == [("laptop", "error", "GET /: status changes from one answer to the next")]


def test_a_server_that_does_not_start_is_not_called_the_same(service: TinyService) -> None:
    plant(service, "if DEV:\n    raise RuntimeError('not here')")
    [(environment, severity, what)] = find(service)

    assert (environment, severity) == ("dev", "unknown")
    assert "does not become ready, so it was not asked" in what


def test_an_environment_that_differs_otherwise_is_not_started(service: TinyService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviour, "read_production", None)  # nothing is to be started
    blamed = Finding("bytes", "edited", environment="laptop")

    assert find(service, (blamed,)) == [("laptop", "unknown", "not asked while it differs otherwise")]


def test_an_image_is_asked_with_the_same_settings_and_one_that_differs_otherwise_is_not(
    service: TinyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask_image(image: str, port: int, server: Mapping[str, str], own: Mapping[str, str], paths: list[str]) -> Answers:
        asked.append(f"{image} on {port}, {dict(server)}, {dict(own)}, {paths}")
        raise Refusal("it does not start", [(image, "exit 1")], "look")

    monkeypatch.setattr(behaviour, "ask_image", ask_image)
    found = find(service, (Finding("bytes", "edited", environment="old"),), {"image": "tiny:lockstep", "old": "tiny:old"})

    assert asked == ["tiny:lockstep on 8000, {'PORT': '8000'}, {}, ['/', '/other']"]
    assert found == [
        ("old", "unknown", "not asked while it differs otherwise"),
        ("image", "unknown", "it does not start: exit 1"),
    ]


def test_what_exactly_these_bytes_have_answered_is_not_asked_again(service: TinyService, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is installed is here what the tests run from, where another test's first import may add byte code.
    monkeypatch.setattr(subject, "hash_installed", lambda _: ("the same", frozenset()))
    started: list[str] = []
    ask = answers.ask_environment

    def count(environment: Production) -> Answers:
        started.append(environment.made_up.get("TINY_PLACE", "production"))
        return ask(environment)

    monkeypatch.setattr(answers, "ask_environment", count)
    assert find(service) == find(service) == []
    assert sorted(started) == ["dev", "production"]

    plant(service, "def answer(path):\n    return plain(path)")
    assert find(service) == []
    assert len(started) == 4

    monkeypatch.setenv("CI", "true")
    assert find(service) == []
    assert len(started) == 6
