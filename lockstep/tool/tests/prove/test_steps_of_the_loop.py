"""Who holds the event loop is named, a request of the service's own that does is found, and a busy machine is not."""

from collections.abc import Callable

import pytest

from lockstep_tool.prove import steps_loop
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.server_log import Record
from tiny_service import TinyService

Tiny = Callable[[str], TinyService]

LOOKING = {"loop_stall": steps_loop.LOOP_STALL}
BLOCKING = """
import time

free = answer

def answer(path):
    if path == "/other":
        time.sleep(0.3)
    return free(path)
"""


@pytest.mark.parametrize("model", ["uvicorn", "gunicorn-asgi"])
def test_a_good_service_passes(tiny: Tiny, model: str) -> None:
    with tiny(model).serving(**LOOKING) as server:
        assert steps_loop.name_who_holds_the_loop(server).endswith("ms at waiting.py")
        assert steps_loop.answer_own_requests(server) == "/, /other: the event loop stays free"


def test_a_watch_that_says_nothing_is_found(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps_loop, "BLOCKS_MILLISECONDS", (200, 300))
    monkeypatch.setattr(steps_loop, "TOLD_SECONDS", 1)
    with (
        tiny("uvicorn").serving(loop_stall=30) as server,
        pytest.raises(AssertionError, match="its watch does not name the line"),
    ):
        steps_loop.name_who_holds_the_loop(server)


def test_a_request_that_holds_the_loop_is_named_by_its_path_and_line(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/answers.py", BLOCKING)
    with (
        service.serving(**LOOKING) as server,
        pytest.raises(
            AssertionError, match=r"GET /other holds the event loop for \d+ ms at answers.py:\d+ in answer: time.sleep"
        ),
    ):
        steps_loop.answer_own_requests(server)


def test_a_request_that_fails_is_named(tiny: Tiny) -> None:
    service = tiny("gunicorn-gthread")
    service.plant(
        "tiny/answers.py", "good = answer\n\ndef answer(path):\n    return (500, '') if path == '/other' else good(path)"
    )
    with service.serving() as server, pytest.raises(AssertionError, match="GET /other answered 500"):
        steps_loop.answer_own_requests(server)


BUSY = {"held_ms": 400, "where": "app.py:7 in app: status"}
IDLE = {"held_ms": 400, "where": "runners.py:118 in run: return"}
PLANTED = {"held_ms": 200, "where": "waiting.py:31 in __call__: time.sleep"}


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([[BUSY, PLANTED], [PLANTED], [PLANTED]], id="once"),
        pytest.param([[BUSY, PLANTED], [PLANTED], [IDLE, PLANTED]], id="each time at another line"),
        pytest.param([[IDLE, PLANTED], [IDLE, PLANTED]], id="also when another path is asked for"),
    ],
)
def test_holds_of_a_busy_machine_accuse_nobody(tiny: Tiny, monkeypatch: pytest.MonkeyPatch, told: list[list[Record]]) -> None:
    rounds = iter(told)
    monkeypatch.setattr(steps_loop, "holds_while_asking", lambda *_: next(rounds))

    steps_loop.expect_free_loop(Server(tiny("uvicorn").production, {}), "/")

    assert not list(rounds)
