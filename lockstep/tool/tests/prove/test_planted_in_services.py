"""Each fault is planted in a service that is good otherwise; the step that is there for it names it, and no earlier one."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from lockstep_serve.errors import Refusal
from lockstep_tool.prove import server_log, steps, steps_loop, steps_process
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.prove import prove_steps
from tiny_service import TinyService

Tiny = Callable[[str], TinyService]
Hurry = Callable[[], None]


@dataclass(frozen=True)
class Planted:
    """Code at the end of a module, the step that is to fail, what it says (a pattern), and what it says to do."""

    name: str
    file: str
    code: str
    step: str
    said: str
    fix: str


OPEN = """
kept = []

def answer(path, good=answer):
    if path == "/other":
        kept.append(open("/etc/passwd"))
    return good(path)
"""
ZONE = "import os, time\nos.environ['TZ'] = 'Asia/Tokyo'\ntime.tzset()"
PLANTED = (
    Planted(
        "a directory put before all others",
        "tiny/app.py",
        "import sys\nsys.path.insert(0, '/opt/planted')",
        "keeps search path and time zone",
        "the service adds '/opt/planted' to sys.path",
        "Take out what changes them",
    ),
    Planted(
        "a directory at the end",
        "tiny/app.py",
        "import sys\nsys.path.append('/opt/planted')",
        "keeps search path and time zone",
        "the service adds '/opt/planted' to sys.path",
        "Take out what changes them",
    ),
    Planted(
        "another time zone", "tiny/app.py", ZONE, "keeps search path and time zone", "the time zone is JST", "`time-zone` of"
    ),
    Planted(
        "a file that each request leaves open",
        "tiny/answers.py",
        OPEN,
        "leaves no file open",
        r"3\d more files are open after 105 requests, such as /etc/passwd",
        "Close what a request opens",
    ),
    Planted(
        "text that is printed",
        "tiny/app.py",
        "print('ready to rumble')",
        "logs nothing but JSON",
        "no JSON object, the first 'ready to rumble'",
        "Log what is printed",
    ),
    Planted(
        "an error that is logged",
        "tiny/answers.py",
        "import logging\nlogging.getLogger('tiny').error('no database')",
        "logs no error",
        "logged ERROR tiny: no database",
        "Mend what it logs",
    ),
)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_a_planted_fault_is_named_by_its_step(tiny: Tiny, planted: Planted) -> None:
    service = tiny("uvicorn")
    service.plant(planted.file, planted.code)
    with pytest.raises(Refusal) as caught:
        prove_steps(service.production)

    assert caught.value.wrong == f"The service does not prove itself: {planted.step}."
    assert re.search(planted.said, str(caught.value)), str(caught.value)
    assert planted.fix in caught.value.fix
    assert server_log.PLANTED not in str(caught.value)  # where prove itself holds the event loop


ENDLESS = """
import asyncio

def create_app(make=create_app):
    good = make()

    async def app(scope, receive, send):
        if scope["path"] != "/other":
            return await good(scope, receive, send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"on and on", "more_body": True})
            await asyncio.sleep(0.05)

    return app
"""


def test_a_path_that_streams_for_ever_is_named(tiny: Tiny, hurry: Hurry, monkeypatch: pytest.MonkeyPatch) -> None:
    act = steps_loop.answer_own_requests
    monkeypatch.setattr(steps_loop, "answer_own_requests", lambda server: (hurry(), act(server))[1])
    service = tiny("uvicorn")
    service.plant("tiny/app.py", ENDLESS)
    with pytest.raises(Refusal) as caught:
        prove_steps(service.production)

    assert caught.value.wrong == "The service does not prove itself: answers its own requests."
    assert "GET /other: no answer that ends within 3 s" in str(caught.value)
    assert "does not belong in `requests`" in caught.value.fix


@pytest.mark.parametrize("model", ["uvicorn", "gunicorn-gthread"])
def test_every_step_says_what_to_do_when_it_fails(tiny: Tiny, model: str) -> None:
    production = tiny(model).production
    server = Server(production, {})
    with ExitStack() as stack:
        others = [step for other in steps.list_others(production) for step in other(production, stack)[1]]
        every = [steps.become_ready(server), *steps.list_first(server, {}), *steps.list_last(server), *others]

    assert len(every) > 12
    assert all(step.fix.endswith(".") for step in every)
    assert len({step.fix for step in every}) > 10


def test_what_this_system_cannot_show_is_said(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps_process, "can_list_files", lambda: False)
    monkeypatch.setattr(steps_process, "can_limit_files", lambda: False)
    production = tiny("uvicorn").production
    with ExitStack() as stack:
        others = [step.name for other in steps.list_others(production) for step in other(production, stack)[1]]

    assert steps.list_unseen() == "not looked at, because this system cannot: files that stay open, silent clients"
    assert "leaves no file open" not in [step.name for step in steps.list_first(Server(production, {}), {})]
    assert "outlives silent clients" not in others
