"""A server that stops well passes; each way to stop badly is found."""

from collections.abc import Callable

import pytest

from lockstep_tool.prove import steps_stopping
from tiny_service import TinyService

Tiny = Callable[[str], TinyService]
Hurry = Callable[[], None]

STOPPING = {"workers": 2, "drain_lead": 0.5}


@pytest.mark.parametrize("model", ["uvicorn", "uvicorn-workers", "gunicorn-sync", "gunicorn-gthread", "gunicorn-uvicorn"])
def test_a_good_service_passes(tiny: Tiny, model: str) -> None:
    with tiny(model).serving(**STOPPING) as server:
        assert steps_stopping.drain_requests(server) == "readiness false first, the request in hand answered"
        assert "s after the answer" in steps_stopping.end_in_time(server)
        assert steps_stopping.log_no_error(server).endswith("lines")


EXITING = """
import os, signal

build = create_app

def create_app():
    app = build()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    return app
"""


DROPPING = """
import os
from lockstep_serve.on_gunicorn.gthread_worker import Worker

Worker.handle_exit = lambda *_: os._exit(0)
"""


@pytest.mark.parametrize(
    ("model", "file", "fault"),
    [
        pytest.param("uvicorn", "tiny/app.py", EXITING, id="of the application"),
        pytest.param("gunicorn-gthread", "sitecustomize.py", DROPPING, id="of the worker"),
    ],
)
def test_a_handler_that_exits_loses_the_request_in_hand(tiny: Tiny, model: str, file: str, fault: str) -> None:
    service = tiny(model)
    service.plant(file, fault)
    with service.serving(**STOPPING) as server, pytest.raises(AssertionError, match="the request in hand was lost"):
        steps_stopping.drain_requests(server)


def test_readiness_that_stays_true_is_found(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps_stopping, "LONG_LEAD_SECONDS", 1)
    service = tiny("gunicorn-gthread")
    service.plant("tiny/answers.py", "def ready():\n    return 200")
    with (
        service.serving(**STOPPING) as server,
        pytest.raises(AssertionError, match="readiness stayed 200 until it accepted no more"),
    ):
        steps_stopping.drain_requests(server)


def test_a_lead_in_which_nobody_got_to_ask_accuses_nobody(tiny: Tiny) -> None:
    with tiny("uvicorn").serving(drain_lead=0) as server:
        assert steps_stopping.drain_requests(server) == "readiness false first, the request in hand answered"


def test_a_server_that_does_not_stop_is_found(tiny: Tiny, hurry: Hurry) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/app.py", EXITING.replace("lambda *_: os._exit(0)", "signal.SIG_IGN"))
    with service.serving(**STOPPING) as server:
        hurry()
        with pytest.raises(AssertionError, match=r"readiness is (200 3 s after SIGTERM|not answered)"):
            steps_stopping.drain_requests(server)


HANGING = """
import atexit, os, time

main = os.getpid()
atexit.register(lambda: os.getpid() == main and time.sleep(60))
"""


def test_a_server_that_hangs_at_its_end_is_found(tiny: Tiny, hurry: Hurry) -> None:
    service = tiny("gunicorn-gthread")
    service.plant("sitecustomize.py", HANGING)
    with service.serving(**STOPPING) as server:
        steps_stopping.drain_requests(server)
        hurry()
        with pytest.raises(AssertionError, match="still running 3 s after its last answer"):
            steps_stopping.end_in_time(server)


def test_another_exit_code_is_named(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/app.py", "import atexit, os\natexit.register(os._exit, 9)")
    with service.serving(**STOPPING) as server:
        steps_stopping.drain_requests(server)
        with pytest.raises(AssertionError, match="exit code 9, not 0"):
            steps_stopping.end_in_time(server)


def test_an_error_in_the_log_is_shown(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/answers.py", "import logging\nlogging.getLogger('tiny').error('no database')")
    with service.serving() as server, pytest.raises(AssertionError, match=r"logged .*no database"):
        steps_stopping.log_no_error(server)
