"""A stop loses nothing that was accepted, waits for nobody who sends nothing, and ends as the model says."""

import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from holding import answered_whole, holding, waiting_at
from notes import noted
from running import PATIENCE, Running, children, is_there, read_answer, request_of, until
from services import Service

LONG = {"SERVER_DRAIN": "300", "SERVER_GRACE": "400"}  # seconds; a stop that waits for its drain fails by patience
HELLO = request_of("/hello/Ada", "Connection: close")
LOOK_SECONDS = 0.3  # uvicorn's manager asks each worker several times meanwhile
IDLE = 4  # connections for each request that may run, of gevent's worker
ONE_CLIENT_A_PROCESS = {"gunicorn-sync"}  # two silent clients would leave none for the request in flight


def await_workers(service: Service, server: Running, notes: Path) -> None:
    """Wait until each has begun, not one alone."""
    workers = 1 if service.model.name == "uvicorn" else 2
    server.until(lambda: len(noted(notes, "start")) == workers)


def masked(pid: int, mask: str, number: int) -> bool:
    """Whether the kernel has the signal in this mask of the process: `ShdPnd` waits for it, `SigCgt` has a handler."""
    [found] = re.findall(rf"^{mask}:\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(int(found, 16) & 1 << number - 1)


@contextmanager
def standing_still(service: Service, server: Running, notes: Path, number: int) -> Iterator[None]:
    """Its workers, or the one process, do nothing in the block; when they go on, the server has been told to stop.

    Each serves before: one that starts has no handler, and would die of the signal.
    """
    await_workers(service, server, notes)
    still = children(server.process.pid) or {server.process.pid}
    server.until(lambda: all(masked(pid, "SigCgt", signal.SIGTERM) for pid in still))
    time.sleep(LOOK_SECONDS)  # by now a manager that asks its workers knows that they serve
    for pid in still:
        os.kill(pid, signal.SIGSTOP)
        server.until(lambda pid=pid: "\nState:\tT" in Path(f"/proc/{pid}/status").read_text())
    time.sleep(LOOK_SECONDS)  # by now it waits for the answer of one
    yield
    server.signal(number)
    for pid in still:
        server.until(lambda pid=pid: masked(pid, "ShdPnd", number if pid == server.process.pid else signal.SIGTERM))
    for pid in still:
        os.kill(pid, signal.SIGCONT)
    for pid in still - {server.process.pid}:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # it has ended already
            server.until(lambda pid=pid: not masked(pid, "ShdPnd", signal.SIGTERM))
            os.kill(pid, signal.SIGTERM)  # of one that stood still any thread may take it, and the main one waits in a call


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
    with service.serving(SERVER_DRAIN_LEAD="2", NOTES=str(notes), **LONG) as server, holding() as hold, ExitStack() as stack:
        await_workers(service, server, notes)
        if service.model.name not in ONE_CLIENT_A_PROCESS:
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


def answered_in_the_queue(service: Service, notes: Path, number: int, requests: Sequence[str], **chosen: str) -> list[int]:
    """What clients get that wait in the kernel's queue when the signal comes; the server has ended in time after it."""
    with service.serving(NOTES=str(notes), **LONG | chosen) as server, ExitStack() as stack:
        with standing_still(service, server, notes, number):
            clients = [stack.enter_context(server.open(request)) for request in requests]
        statuses = list[int]()
        for client, request in zip(clients, requests, strict=True):
            if "\r\n\r\n" in request:
                statuses.append(read_answer(client)[0])
                client.close()  # gunicorn waits for its client's end
        assert server.process.wait(PATIENCE) == 0
    return statuses


def test_who_has_connected_when_the_stop_comes_is_answered(service: Service, tmp_path: Path) -> None:
    assert answered_in_the_queue(service, tmp_path / "notes", signal.SIGTERM, [HELLO] * 8) == [200] * 8


def test_ctrl_c_answers_who_has_connected(service: Service, tmp_path: Path) -> None:
    """A manager that is interrupted tells its workers in another way."""
    assert answered_in_the_queue(service, tmp_path / "notes", signal.SIGINT, [HELLO] * 8) == [200] * 8


def test_who_waits_and_does_not_ask_is_not_waited_for(service: Service, tmp_path: Path) -> None:
    """As who was accepted before the signal: not for the drain; no longer than that where half a head holds a thread."""
    requests = [*[""] * 20, "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\n", HELLO]
    drain = "8" if service.model.interface == "WSGI" else "300"
    assert answered_in_the_queue(service, tmp_path / "notes", signal.SIGTERM, requests, SERVER_DRAIN=drain) == [200]


def test_who_waits_while_idle_connections_fill_a_worker_is_not_reset(service: Service, tmp_path: Path) -> None:
    """gunicorn's gevent worker takes so many connections; the others serve all who have waited."""
    notes, expected = tmp_path / "notes", {503} if service.model.name == "gunicorn-gevent" else {200}
    with service.serving(NOTES=str(notes), SERVER_CONCURRENCY="2", **LONG) as server, ExitStack() as stack:
        for _ in range(2 * 2 * IDLE):
            assert stack.enter_context(server.open(request_of("/hello/Ada"))).recv(65536)
        with standing_still(service, server, notes, signal.SIGTERM):
            waiting = [stack.enter_context(server.open(HELLO)) for _ in range(4)]
        assert {read_answer(client)[0] for client in waiting} == expected


def test_who_waits_takes_no_descriptor_from_a_request_in_flight(service: Service, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with service.serving(FILES="64", NOTES=str(notes), **LONG) as server, holding() as hold:
        client = hold.send(server)
        hold.await_one()
        with ExitStack() as stack:
            with standing_still(service, server, notes, signal.SIGTERM):
                for _ in range(100):
                    stack.enter_context(server.open(HELLO))
            server.until(lambda: refuses(server))
        hold.release()

        assert answered_whole(client)
        assert server.process.wait(PATIENCE) == 0


def test_a_worker_that_was_replaced_lets_go_of_its_listener(service: Service) -> None:
    """It finishes what it has; when the others stop, nobody else may take connections for it."""
    if service.model.name == "uvicorn":
        pytest.skip("one process cannot reload itself")
    with service.serving(WEB_CONCURRENCY="1", **LONG) as server, holding() as hold:
        client = hold.send(server)
        hold.await_one()
        [old] = children(server.process.pid)
        server.signal(signal.SIGHUP)
        server.until(lambda: len(children(server.process.pid)) == 2)
        server.until(lambda: not is_listening(old))
        server.signal(signal.SIGTERM)
        server.until(lambda: refuses(server))
        hold.release()

        assert answered_whole(client)


def is_listening(pid: int) -> bool:
    """Whether it has a socket that listens for TCP; state 0A is that of such a socket."""
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    inodes = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it is closed by now
            if os.readlink(file) in inodes:
                return True
    return False


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
