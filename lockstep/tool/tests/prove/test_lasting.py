"""WebSockets and streams go through a restart of a good service, and one that is broken off is counted."""

import signal
import threading
from collections.abc import Callable

import pytest

from lockstep_tool.prove.expecting import wait_until
from lockstep_tool.prove.lasting import LOST, Lasting
from lockstep_tool.prove.trials import attempt
from tiny_service import TinyService

Tiny = Callable[[str], TinyService]

KEPT = "from lockstep_serve.asgi.socket import Socket\n\nasync def nothing(self, code): pass\n\nSocket.close = nothing"
BROKEN = "from lockstep_serve.asgi import waiting\n\nasync def fail(*_): raise LookupError\n\nwaiting.stream = fail"


@pytest.mark.parametrize("model", ["uvicorn", "gunicorn-asgi"])
def test_web_sockets_are_closed_with_1012_and_come_back(tiny: Tiny, model: str) -> None:
    trial = attempt(tiny(model).production, "zero-downtime restart", 0.5)

    assert not trial.faults
    assert trial.lasting["WebSockets"]["closed with 1012"] >= 1
    assert trial.lasting["streams"].keys() == {"whole"}


@pytest.mark.parametrize("model", ["gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent"])
def test_streams_end_whole_at_a_reload(tiny: Tiny, model: str) -> None:
    trial = attempt(tiny(model).production, "reload", 0.5)

    assert not trial.faults
    assert trial.lasting.keys() == {"streams"}
    assert trial.lasting["streams"].keys() == {"whole"}


def test_a_web_socket_that_nobody_closes_is_lost(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("sitecustomize.py", KEPT)
    with service.serving(drain_lead=0, drain=1) as server, Lasting(server, threading.Event()) as lasting:
        wait_until(lambda: bool(lasting.ends["streams"]), lambda: "no stream ends")  # by then both sockets are open
        server.signal(signal.SIGTERM)
        wait_until(lambda: bool(lasting.ends["WebSockets"][LOST]), lambda: "no WebSocket is lost")


def test_a_stream_that_breaks_off_is_lost(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("sitecustomize.py", BROKEN)
    with service.serving() as server, Lasting(server, threading.Event()) as lasting:
        wait_until(lambda: bool(lasting.ends["streams"][LOST]), lambda: "no stream is lost")
