"""What clients meet at the edges passes on a good service, and each step fails on the fault that it is there for."""

from collections.abc import Callable

import pytest

from lockstep_tool.prove import steps_clients
from lockstep_tool.prove.process import Server
from tiny_service import TinyService

Tiny = Callable[[str], TinyService]

LIMITS = {"max_body_bytes": steps_clients.MOST_BYTES, "max_header_bytes": steps_clients.MOST_HEADER_BYTES}
VALUES = {"workers": 1, "drain_lead": 0, "drain": 2, **LIMITS}
ALL_BUT_ONE = ["uvicorn", "uvicorn-workers", "gunicorn-asgi", "gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent"]

BARE = "import lockstep_serve.problems as p\np.document = lambda status, identity, detail='': b'no'"
UNNAMED = """
import lockstep_serve.access as access

log = access.log_request
access.log_request = lambda method, path, status, *others: None if status == 413 else log(method, path, status, *others)
"""
ACCUSED = """
import logging
from lockstep_serve import asgi

asgi.has_left = lambda _: logging.getLogger("tiny").error("gone")
"""
ENDLESS = """
from lockstep_serve.on_gunicorn.asgi_worker import Protocol

build = Protocol._build_http_scope

def promise_to_fail(self, *what):
    return build(self, *what) | {"asgi": {"version": "3.0", "spec_version": "2.4"}}

Protocol._build_http_scope = promise_to_fail
"""
KEPT = "from lockstep_serve.asgi.socket import Socket\n\nasync def nothing(self, code): pass\n\nSocket.close = nothing"
EARLY = """
import logging
from lockstep_serve.asgi import Layer

finish = Layer.finish

async def finish_late(self):
    logging.getLogger("lockstep.worker").info("`worker` has ended")
    await finish(self)

Layer.finish = finish_late
"""


@pytest.mark.parametrize("model", ALL_BUT_ONE)
def test_a_good_service_passes(tiny: Tiny, model: str) -> None:
    with tiny(model).serving(**VALUES) as server:
        assert steps_clients.explain_refusals(server) == "5 explained"
        assert steps_clients.let_clients_leave(server) == "said, and no error"
        assert steps_clients.end_what_is_open(server).startswith("the request told with 503")


def test_a_refusal_that_is_no_problem_document_is_found(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("sitecustomize.py", BARE)
    with (
        service.serving(**VALUES) as server,
        pytest.raises(AssertionError, match="what is no HTTP is answered 400 without a pro"),
    ):
        steps_clients.explain_refusals(server)


@pytest.mark.parametrize(
    ("model", "file", "fault", "step", "found"),
    [
        pytest.param(
            *("gunicorn-gthread", "sitecustomize.py", UNNAMED, steps_clients.explain_refusals),
            "a body in chunks that is too large leaves no line",
            id="a refusal",
        ),
        pytest.param(
            *("gunicorn-asgi", "tiny/app.py", ENDLESS, steps_clients.let_clients_leave),
            "who leaves a stream leaves no line",
            id="a stream that goes on without its client",
        ),
    ],
)
def test_what_leaves_no_line_is_found(
    tiny: Tiny, hurry: Callable[[], None], model: str, file: str, fault: str, step: Callable[[Server], str], found: str
) -> None:
    service = tiny(model)
    service.plant(file, fault)
    with service.serving(**VALUES) as server:
        hurry()
        with pytest.raises(AssertionError, match=found):
            step(server)


def test_a_client_that_left_and_is_taken_for_a_failure_is_found(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/app.py", ACCUSED)
    with service.serving(**VALUES) as server, pytest.raises(AssertionError, match=r"says status \d+ and no more"):
        steps_clients.let_clients_leave(server)


def test_a_socket_that_is_broken_off_is_found(tiny: Tiny) -> None:
    service = tiny("gunicorn-asgi")
    service.plant("tiny/app.py", KEPT)
    with service.serving(**VALUES) as server, pytest.raises(AssertionError, match=r"is closed with 1012, not|not 1012"):
        steps_clients.end_what_is_open(server)


def test_a_request_that_outlives_the_worker_is_found(tiny: Tiny) -> None:
    service = tiny("gunicorn-asgi")
    service.plant("tiny/app.py", EARLY)
    with service.serving(**VALUES) as server, pytest.raises(AssertionError, match="`worker` ended before the last request"):
        steps_clients.end_what_is_open(server)
