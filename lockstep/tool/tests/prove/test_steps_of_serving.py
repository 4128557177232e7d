"""Each step while the server serves passes on a good service, and fails on the fault that it is there for."""

import os
import signal
from collections.abc import Callable

import pytest

from lockstep_tool.prove import expecting, steps_serving
from lockstep_tool.prove.in_hand import fill
from lockstep_tool.prove.process import Server
from tiny_service import TinyService

Tiny = Callable[[str], TinyService]
Hurry = Callable[[], None]


@pytest.mark.parametrize("model", ["uvicorn", "gunicorn-gthread", "gunicorn-sync"])
def test_a_good_service_passes(tiny: Tiny, model: str) -> None:
    with tiny(model).serving(workers=2) as server:
        count = min(4, 2 if model == "gunicorn-sync" else 4)

        assert steps_serving.answer_requests(server) == "live 200, unknown path 404"
        assert steps_serving.be_this_environment(server) == server.production.environment
        assert steps_serving.overlap_requests(server).endswith("in hand at once")
        assert steps_serving.count_overlapping(server.production) in {count, 2 * count}


def test_a_process_that_takes_more_than_it_has_threads_for_is_no_fault(tiny: Tiny) -> None:
    with tiny("gunicorn-gthread").serving(workers=2, threads=2) as server:
        said = [steps_serving.overlap_requests(server) for _ in range(5)]

        assert said == ["4 in hand at once"] * 5
        assert not any("ERROR" in line for line in server.last_lines())


def test_one_that_is_never_ready_is_named_with_what_it_answers(tiny: Tiny, hurry: Hurry) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/answers.py", "def ready():\n    return 503")
    hurry()
    with Server(service.production, {}) as server, pytest.raises(AssertionError, match=r"not ready within .* last heard"):
        steps_serving.become_ready(server)


def test_a_start_is_waited_for_as_many_times_as_long_as_there_are_processes_for_a_processor(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = tiny("uvicorn")
    monkeypatch.setattr(expecting, "PATIENCE_SECONDS", 0.001)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    with Server(service.production, {}) as server:
        server.signal(signal.SIGSTOP)  # else it may be ready first
        with pytest.raises(AssertionError, match=r"not ready within 0\.001 s"):
            steps_serving.become_ready(server)

        server.signal(signal.SIGCONT)
        monkeypatch.setattr(os, "getloadavg", lambda: (300_000.0, 0.0, 0.0))
        steps_serving.become_ready(server)


def test_one_that_cannot_be_imported_is_not_waited_for(tiny: Tiny) -> None:
    service = tiny("gunicorn-gthread")
    service.plant("tiny/app.py", "import nothing_of_this_name")
    with Server(service.production, {}) as server:
        with pytest.raises(AssertionError, match="ended with exit code"):
            steps_serving.become_ready(server)
        server.wait(10)

        assert any("nothing_of_this_name" in line for line in server.last_lines())
        assert not any("Traceback" in line for line in server.last_lines())


def test_an_error_for_an_unknown_path_is_named(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/answers.py", "def answer(path):\n    return 200 if path.startswith('/health') else 500, ''")
    with service.serving() as server, pytest.raises(AssertionError, match="an unknown path answered 500, not 404"):
        steps_serving.answer_requests(server)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param('{"environment": "0123456789ab"}', "/version says 0123456789ab, uv.lock", id="of another lock"),
        pytest.param('{"version": 1}', "names no environment", id="without one"),
        pytest.param("<html>", "names no environment", id="no JSON"),
    ],
)
def test_another_environment_is_named(tiny: Tiny, body: str, said: str) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/answers.py", f"def answer(path):\n    return 200, {body!r}")
    with service.serving() as server, pytest.raises(AssertionError, match=said):
        steps_serving.be_this_environment(server)


ONE_AT_A_TIME = """
import asyncio
from lockstep_serve.asgi.waiting import Waiting

call, one = Waiting.__call__, asyncio.Lock()

async def queue(self, *arguments):
    async with one:
        await call(self, *arguments)

Waiting.__call__ = queue
"""


def test_requests_that_queue_are_found(tiny: Tiny, hurry: Hurry) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/app.py", ONE_AT_A_TIME)
    with service.serving() as server:
        hurry()
        with pytest.raises(AssertionError, match=r"of 4 requests that wait, [01] were in hand at once"):
            steps_serving.overlap_requests(server)


ROOM = {"concurrency": 4, "threads": 4, "queue": 0}


@pytest.mark.parametrize("model", ["uvicorn", "gunicorn-gthread", "gunicorn-gevent", "gunicorn-asgi"])
def test_what_is_too_much_is_refused(tiny: Tiny, model: str) -> None:
    with tiny(model).serving(**ROOM) as server:
        assert steps_serving.refuse_requests(server, 4) == "room for 4: 4 answered, 9 heard 503 meanwhile"


def test_one_that_refuses_nothing_is_found(tiny: Tiny) -> None:
    with tiny("uvicorn").serving(concurrency=1000) as server, pytest.raises(AssertionError, match="with room for 4, it has"):
        steps_serving.refuse_requests(server, 4)


def test_one_that_piles_up_what_is_too_much_is_found(tiny: Tiny, hurry: Hurry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps_serving, "fill", lambda *given: (fill(*given), hurry())[0])
    with (
        tiny("gunicorn-gthread").serving(threads=4, queue=64) as server,
        pytest.raises(AssertionError, match="with room for 4, it lets 8 more wait instead of refusing them"),
    ):
        steps_serving.refuse_requests(server, 4)


def test_one_that_has_less_room_than_it_says_is_found(tiny: Tiny, hurry: Hurry) -> None:
    with tiny("gunicorn-gthread").serving(threads=3, queue=0) as server:
        hurry()
        with pytest.raises(AssertionError, match=r"of 4 requests that wait, [0-3] were in hand"):
            steps_serving.refuse_requests(server, 4)


NO_HEALTH = "import lockstep_serve.asgi\nlockstep_serve.asgi.HEALTH = '/none/'"


def test_a_full_server_that_refuses_health_is_found(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/app.py", NO_HEALTH)
    with service.serving(**ROOM) as server, pytest.raises(AssertionError, match="a full server answered 503 to /health/live"):
        steps_serving.refuse_requests(server, 4)


def test_slow_clients_are_stood_by_a_loop(tiny: Tiny) -> None:
    with tiny("uvicorn").serving() as server:
        assert steps_serving.stand_slow_clients(server) == "20 of 20 answered beside 50"


def test_slow_clients_that_hold_the_workers_are_found(tiny: Tiny, hurry: Hurry) -> None:
    with tiny("gunicorn-gthread").serving(threads=2) as server:
        hurry()
        with pytest.raises(AssertionError, match="0 of 20 requests were answered beside 50 slow clients"):
            steps_serving.stand_slow_clients(server)
