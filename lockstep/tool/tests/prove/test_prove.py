"""A good service goes through every step that its model has; of another, the step that fails is named with its cause."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable

import pytest

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.prove import expecting, process, prove
from lockstep_tool.prove.apart import work_apart
from lockstep_tool.prove.passed_socket import open_listener
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.prove import prove_steps
from lockstep_tool.prove.steps import Step
from tiny_service import TinyService

Tiny = Callable[[str], TinyService]

ALWAYS = [
    *("becomes ready", "answers", "is this environment", "keeps search path and time zone"),
    "lets 4 slow requests overlap",
]
STOPPING = ["drains on SIGTERM", "exits in time", "logs no error", "logs nothing but JSON"]
CLIENTS = ["explains what it refuses", "lets clients leave", "ends what is open"]
REQUESTS = ["answers its own requests", "leaves no file open", "keeps its answers for parity"]
STEPS = {
    "uvicorn": [
        *ALWAYS,
        "names who holds the event loop",
        *REQUESTS,
        "stands slow clients",
        *STOPPING,
        "refuses what is too much",
        "outlives silent clients",
        "a zero-downtime restart loses nothing",
        *CLIENTS,
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
        *CLIENTS,
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


def test_a_variable_of_the_shell_that_reaches_the_interpreter_is_blamed_with_it(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    service = tiny("uvicorn")
    service.plant("tiny/app.py", "import warnings\nwarnings.warn('old', DeprecationWarning)")
    with pytest.raises(Refusal) as caught:
        prove_steps(service.production)

    assert caught.value.wrong == "The service does not prove itself: becomes ready."
    assert ("PYTHONWARNINGS", "error   <- set in this shell") in caught.value.where
    assert "PYTHONWARNINGS unset" in caught.value.fix


def test_a_server_that_says_what_to_do_is_believed(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("sitecustomize.py", "import sys\nsys.modules['uvicorn'] = None")
    with pytest.raises(Refusal) as caught:
        prove_steps(service.production)

    assert "Run `uv add 'uvicorn[standard]'`, or name another model." in [line for _, line in caught.value.where]
    assert "Do what the server's last line says" in caught.value.fix
    assert "Start it by hand" not in caught.value.fix


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


@pytest.mark.parametrize(
    "name",
    ["becomes ready", "lets 4 slow requests overlap", "stands slow clients", "drains on SIGTERM", "outlives silent clients"],
)
def test_ctrl_c_in_a_step_ends_every_server(tiny: Tiny, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    begun: set[Server] = set()
    enter = Server.__enter__

    def note(server: Server) -> Server:
        begun.add(enter(server))
        return server

    def interrupt_at(server: Server, its_steps: Iterable[Step], tell: Callable[[str, str], None]) -> None:
        for step in its_steps:
            if step.name == name:
                os.kill(os.getpid(), signal.SIGINT)
            run(server, [step], tell)

    run = prove.run
    monkeypatch.setattr(Server, "__enter__", note)
    monkeypatch.setattr(prove, "run", interrupt_at)
    production, before = tiny("uvicorn").production, signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            work_apart(lambda: prove_steps(production))
    finally:
        signal.signal(signal.SIGINT, before)

    assert begun
    assert all(server.process.poll() is not None for server in begun)
    assert not process._started


def test_ctrl_c_while_the_thread_starts_waits_for_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []

    def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        ended.append(True)

    monkeypatch.setattr(expecting, "interrupted", threading.Event())
    before, interval = signal.signal(signal.SIGINT, signal.default_int_handler), sys.getswitchinterval()
    sys.setswitchinterval(5)  # what is begun goes on before whoever began it
    try:
        with pytest.raises(KeyboardInterrupt):
            work_apart(work)
        assert ended
    finally:
        sys.setswitchinterval(interval)
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_what_waits_for_a_server_to_accept_it(tiny: Tiny) -> None:
    with open_listener() as listener, Server(tiny("uvicorn").production, {}, listener=listener) as server:
        server.kill()
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
            process.end_servers()

            with pytest.raises(ConnectionResetError):
                client.recv(1)


def test_what_takes_too_long_is_ended_and_named(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/app.py", "import time\ntime.sleep(600)")
    with pytest.raises(Refusal, match=r"It took longer than 2 s and was ended\. .* becomes ready") as caught:
        work_apart(lambda: prove_steps(service.production), 2)

    assert caught.value.code == COULD_NOT_LOOK
    assert not process._started
