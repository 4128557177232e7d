"""A stop loses nothing that was accepted, waits for nobody who sends nothing, and ends as the model says."""

import contextlib
import os
import re
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from holding import answered_whole, holding, waiting_at
from notes import noted
from running import PATIENCE, Running, children, is_there, read_answer, request_of, until
from services import Service

LONG = {"SERVER_DRAIN": "300", "SERVER_GRACE": "400"}  # seconds; a stop that waits for its drain fails by patience
# What a model cannot do, and why; docs/explanation/server-models.md says the same.
WAITS_FOR_SILENT_CLIENTS = {"gunicorn-sync"}  # it has one request a process and waits for that client's


def is_told(pid: int) -> bool:
    """Whether SIGTERM waits for this process, which stands still."""
    [pending] = re.findall(r"^ShdPnd:\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(int(pending, 16) & 1 << signal.SIGTERM - 1)


def accepts(server: Running) -> bool:
    with contextlib.suppress(OSError), server.open():
        return True
    return False


def refuses(server: Running) -> bool:
    """At once: where the queue is full a client waits."""
    with contextlib.suppress(TimeoutError):
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        except ConnectionRefusedError:
            return True
    return False


def test_a_stop_answers_what_is_in_flight_and_does_not_wait_for_clients_that_send_nothing(
    service: Service, tmp_path: Path
) -> None:
    """Readiness turns false first. The request is let go when the lead is over: nobody listens, or the worker that had
    nothing to do has ended.
    """
    notes = tmp_path / "notes"
    workers = 1 if service.model.name == "uvicorn" else 2
    with service.serving(SERVER_DRAIN_LEAD="2", NOTES=str(notes), **LONG) as server, holding() as hold, ExitStack() as stack:
        server.until(lambda: len(noted(notes, "start")) == workers)
        if service.model.name not in WAITS_FOR_SILENT_CLIENTS:
            assert stack.enter_context(server.open(request_of("/hello/Ada"))).recv(65536)
            stack.enter_context(server.open())
        client = hold.send(server)
        hold.await_one()
        server.signal(signal.SIGTERM)
        server.until(lambda: server.get("/health/ready")[0] == 503)
        server.until(lambda: len(children(server.process.pid)) == 1 or not accepts(server))
        hold.release()

        assert answered_whole(client)
        assert server.process.wait(PATIENCE) == 0
        assert not [line for line in server.lines() if line["level"] in {"ERROR", "CRITICAL"}]
        assert noted(notes, "start") == noted(notes, "stop")


def test_who_comes_while_it_drains_is_refused_and_can_go_elsewhere(service: Service) -> None:
    """A connection that nobody will accept would wait for the request in flight, and be reset then: a proxy repeats no POST."""
    with service.serving(**LONG) as server, holding() as hold:
        client = hold.send(server)
        hold.await_one()
        server.signal(signal.SIGTERM)
        server.until(lambda: refuses(server))
        hold.release()

        assert answered_whole(client)
        assert server.process.wait(PATIENCE) == 0


def test_who_has_connected_when_the_stop_comes_is_answered(service: Service) -> None:
    """They wait in the kernel's queue while the workers, or the one process, stand still."""
    with service.serving(**LONG) as server, ExitStack() as stack:
        still = children(server.process.pid) or {server.process.pid}
        for pid in still:
            os.kill(pid, signal.SIGSTOP)
        clients = [stack.enter_context(server.open(request_of("/hello/Ada", "Connection: close"))) for _ in range(8)]
        server.signal(signal.SIGTERM)
        server.until(lambda: all(map(is_told, still)))
        for pid in still:
            os.kill(pid, signal.SIGCONT)

        assert [read_answer(client)[0] for client in clients] == [200] * 8
        assert server.process.wait(PATIENCE) == 0


def test_an_endless_stream_ends_with_the_drain(service: Service) -> None:
    with service.serving(SERVER_DRAIN="1") as server, server.open(request_of("/stream")) as stream:
        assert stream.recv(1024)

        server.stop()


def test_a_stop_that_comes_while_workers_start_is_obeyed(service: Service) -> None:
    """Each worker is importing the service when the signal comes. Another one before it changes nothing; as process 1 of a
    container, the server would not hear what it has no handler for.
    """
    slow = "import os, time\nwhile os.environ.get('SLOW'): time.sleep(0.02)\nGREETING ="
    with service.changed("hello.py", "GREETING =", slow), service.starting(SLOW="1", **LONG) as server:
        server.until(server.lines)
        if service.model.name != "uvicorn":
            server.until(lambda: len(children(server.process.pid)) == 2)
        server.signal(signal.SIGHUP)
        assert server.stop() == 0


def test_a_stop_that_comes_while_a_worker_awaits_its_pool_is_obeyed(service: Service, tmp_path: Path) -> None:
    """It serves nobody yet; a lifespan that starts is as far."""
    notes, waiting = tmp_path / "notes", '\n    while os.environ.get("SLOW"):\n        __import__("time").sleep(0.02)'
    with (
        service.changed("worker.py", 'note("start")', f'note("start"){waiting}'),
        service.starting(SLOW="1", NOTES=str(notes), **LONG) as server,
    ):
        server.until(notes.exists)
        assert server.stop() == 0


@pytest.mark.parametrize(("file", "line"), [("logs.py", "ALSO ="), ("hello.py", "GREETING =")], ids=["logs", "application"])
def test_what_starts_does_not_outlive_its_manager(service: Service, file: str, line: str) -> None:
    if service.model.name == "uvicorn":
        pytest.skip("it is one process")
    one = {"WEB_CONCURRENCY": "1", **LONG}
    with holding() as hold, service.changed(file, line, waiting_at(hold, line)), service.starting(**one) as server:
        hold.await_one()
        workers = children(server.process.pid)
        server.process.kill()
        hold.release()

        until(lambda: not [pid for pid in workers if is_there(pid)])
        assert workers
        assert "Traceback" not in server.log.read_text(encoding="utf-8")
