"""A good service goes through every step that its model has; of another, the step that fails is named with its cause."""

import threading
from collections.abc import Callable
from typing import NoReturn

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.prove import expecting, process, steps
from lockstep_tool.prove.expecting import wait_until
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.prove import prove_steps
from tiny_service import TinyService

Tiny = Callable[[str], TinyService]

ALWAYS = ["becomes ready", "answers", "is this environment", "lets 4 slow requests overlap"]
STOPPING = ["drains on SIGTERM", "exits in time", "logs no error"]
REQUESTS = ["answers its own requests", "keeps its answers for parity"]
STEPS = {
    "uvicorn": [
        *ALWAYS,
        "names who holds the event loop",
        *REQUESTS,
        "stands slow clients",
        *STOPPING,
        "refuses what is too much",
        "a zero-downtime restart loses nothing",
    ],
    "gunicorn-gthread": [
        *ALWAYS,
        *REQUESTS,
        *STOPPING,
        "refuses what is too much",
        "a broken reload changes nothing",
        "a reload loses nothing",
        "a killed worker comes back",
        "recycling loses nothing",
        "a zero-downtime restart loses nothing",
    ],
}


@pytest.mark.parametrize("model", STEPS)
def test_a_good_service_goes_through_every_step(tiny: Tiny, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    steps, answers = prove_steps(tiny(model).production)
    said = capsys.readouterr().out

    assert steps == STEPS[model]
    assert [line.partition(":")[0] for line in said.splitlines() if "✓" in line] == [f"  ✓ {step}" for step in steps]
    assert {path: answer["status"] for path, answer in answers.items()} == {
        "/": 200,
        "/other": 200,
        "/.lockstep/no-such-path": 404,
    }
    assert ("needs a buffering proxy" in said) == (model == "gunicorn-gthread")


def test_the_cause_is_shown_and_not_what_prove_has_planted(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/answers.py", "import logging\nlogging.getLogger('tiny').error('no database')")
    with pytest.raises(Refusal) as caught:
        prove_steps(service.production)

    said = str(caught.value)
    assert said.startswith("The service does not prove itself: logs no error.")
    assert "ERROR tiny: no database" in said
    assert "the event loop was held" not in said
    assert "uv run noxfile.py -s serve" in said


HASTY = """
from gunicorn.arbiter import Arbiter as Plain
from lockstep_serve.on_gunicorn.arbiter import Arbiter
Arbiter.reload, Arbiter.rehearsed = Plain.reload, lambda *_: True
"""


def test_the_cause_of_a_server_beside_the_main_one_is_shown(tiny: Tiny) -> None:
    service = tiny("gunicorn-gthread")
    service.plant("sitecustomize.py", HASTY)
    with pytest.raises(Refusal, match="The service does not prove itself: a broken reload changes nothing") as caught:
        prove_steps(service.production)

    assert "planted by prove: a release that is broken" in str(caught.value)


def test_an_interrupt_ends_every_server(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: set[Server] = set()

    def interrupt(_: Server) -> NoReturn:
        wait_until(lambda: len(process._started) > 1, lambda: "no second server was started")
        begun.update(process._started)
        raise KeyboardInterrupt

    monkeypatch.setattr(expecting, "interrupted", threading.Event())
    monkeypatch.setattr(steps, "list_last", interrupt)
    with pytest.raises(KeyboardInterrupt):
        prove_steps(tiny("uvicorn").production)

    assert all(server.process.poll() is not None for server in begun)
    assert not process._started
