"""What a process owes at its end: it finishes what it has within the drain, says what it cuts, and leaves `worker` last."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holding import Holding, answered_whole, holding
from notes import noted
from running import PATIENCE, Running, children, is_there, read_answer, request_of, until
from services import Service
from test_refusals import read_problem

SHORT = {"WEB_CONCURRENCY": "1", "SERVER_DRAIN": "2"}  # seconds
LONG = {"WEB_CONCURRENCY": "1", "SERVER_DRAIN": "300", "SERVER_GRACE": "700"}
# What a model cannot do, and why; docs/explanation/server-models.md says the same.
CANNOT_STOP_A_REQUEST = {"gunicorn-gthread"}  # no thread can be stopped

NOTICED = ("Handling signal: int", "Shutting down", "Received SIGINT")  # what managers and uvicorn say of it

# gunicorn's ASGI worker looks every second whether it is to end: here so rarely that no test could wait for it.
RARELY = """import asyncio

sleep = asyncio.sleep
asyncio.sleep = lambda seconds, *result: sleep(300 if seconds == 1 else seconds, *result)
"""


def words_of(notes: Path) -> list[str]:
    """What was noted, in order."""
    return [line.split()[0] for line in notes.read_text(encoding="utf-8").splitlines()]


def port_of(hold: Holding) -> int:
    return int(hold.listener.getsockname()[1])


def lines_of(server: Running, path: str) -> list[dict[str, Any]]:
    return [line for line in server.lines() if line["logger"] == "access" and line["path"].startswith(path)]


def cut(server: Running, hold: Holding, path: str, *headers: str) -> tuple[int, str]:
    """What answers a request that the application holds until the drain is over; the process has ended by then."""
    client = server.open(request_of(path + str(port_of(hold)), *headers))
    hold.await_one()
    server.signal(signal.SIGTERM)
    with client:
        answered = read_answer(client)
    server.process.wait(PATIENCE)
    return answered


def test_a_request_that_is_cut_is_answered_and_said_and_ends_before_the_worker(service: Service, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with service.serving(NOTES=str(notes), **SHORT) as server, holding() as hold:
        status, text = cut(server, hold, "/finally/", "X-Request-ID: cut-1")
        headers, problem = read_problem(text)

        assert (status, headers["x-request-id"], problem["request_id"]) == (503, "cut-1", "cut-1")
        assert "stopped before it could answer" in problem["detail"]
        assert server.process.wait(PATIENCE) == 0
        assert [(line["status"], line.get("ended_by")) for line in lines_of(server, "/finally/")] == [(503, None)]
        assert len([line for line in server.lines() if "was stopped by the server" in line["message"]]) == 1
        assert not [line for line in server.lines() if line["level"] == "ERROR"]
        ended = [] if service.model.name in CANNOT_STOP_A_REQUEST else ["finally"]
        assert words_of(notes) == ["start", *ended, "stop"]


def test_a_cut_request_for_the_head_alone_gets_no_body(service: Service) -> None:
    with service.serving(**SHORT) as server, holding() as hold:
        client = server.open(hold.request("Connection: close").replace("GET", "HEAD", 1))
        hold.await_one()
        server.signal(signal.SIGTERM)
        with client:
            status, text = read_answer(client)

    assert (status, text.partition("\r\n\r\n")[2]) == (503, "")


def test_a_process_does_not_wait_for_the_thread_of_a_request_that_was_cut(service: Service, tmp_path: Path) -> None:
    if service.model.interface == "WSGI":
        pytest.skip("its requests are such threads, or there are none")
    notes = tmp_path / "notes"
    with service.serving(NOTES=str(notes), **SHORT | {"SERVER_GRACE": "700"}) as server, holding() as hold:
        assert cut(server, hold, "/thread/")[0] == 503
        assert server.process.wait(PATIENCE) == 0
        assert words_of(notes) == ["start", "stop"]
        assert not [line for line in server.lines() if line["level"] == "ERROR"]


def one_line(server: Running, path: str) -> dict[str, Any]:
    """The access line of a request that was stopped: with one WARNING, without an error, and nobody else's."""
    [line] = lines_of(server, path)
    assert not [other for other in server.lines() if other["logger"] == "access" and not other["path"]]
    [warning] = [other for other in server.lines() if "was stopped by the server" in other["message"]]
    assert (warning["level"], warning["of"]) == ("WARNING", line["request_id"])
    assert not [other for other in server.lines() if other["level"] == "ERROR"]
    return line


def test_an_answer_that_nobody_reads_is_broken_off_and_not_answered_again(service: Service) -> None:
    if service.model.interface == "ASGI":
        pytest.skip("its applications are stopped where they send")
    with service.serving(**SHORT) as server, server.open(request_of("/flood")) as client:
        assert client.recv(1)
        server.signal(signal.SIGTERM)
        server.process.wait(PATIENCE)
        text = read_answer(client)[1]

        assert "HTTP/1.1" not in text
        line = one_line(server, "/flood")
        assert (line["status"], line["ended_by"]) == (200, "server")


def test_a_whole_answer_stays_alone_when_what_comes_after_it_is_stopped(service: Service) -> None:
    if service.model.interface == "ASGI":
        pytest.skip("what comes after an answer has a test of its own")
    with service.serving(**SHORT) as server, holding() as hold:
        text = cut(server, hold, "/closing/")[1]

        assert text.endswith("\r\n\r\nnow")
        line = one_line(server, "/closing/")
        assert (line["status"], line.get("ended_by")) == (200, None)


def test_an_answer_of_which_nothing_was_sent_is_503(service: Service) -> None:
    if service.model.interface == "ASGI":
        pytest.skip("the head of its answer has been sent")
    with service.serving(**SHORT) as server, holding() as hold:
        assert cut(server, hold, "/first/")[0] == 503
        line = one_line(server, "/first/")
        assert (line["status"], line.get("ended_by")) == (503, None)


def test_a_finally_that_takes_too_long_is_broken_off_and_the_answer_given(service: Service, tmp_path: Path) -> None:
    if service.model.interface == "WSGI":
        pytest.skip("a `finally` of a thread is not waited for, and those of the others are not broken off")
    with service.serving(NOTES=str(tmp_path / "notes"), **SHORT) as server, holding() as hold:
        assert cut(server, hold, "/slowly/")[0] == 503
        assert one_line(server, "/slowly/")["status"] == 503


def test_a_request_that_ends_late_in_the_drain_leaves_no_error(service: Service) -> None:
    """Its client keeps the connection open."""
    with service.serving(**LONG) as server, holding() as hold:
        client = hold.send(server)
        hold.await_one()
        server.signal(signal.SIGTERM)
        time.sleep(2.5)  # what idles is closed 2 s after SIGTERM
        hold.release()
        with client:
            assert b"waited" in client.recv(4096) + client.recv(4096)
            assert server.process.wait(PATIENCE) == 0

        assert not server.complaints()


def test_who_waits_for_a_thread_when_the_drain_is_over_is_told(service: Service) -> None:
    if service.model.name != "gunicorn-gthread":
        pytest.skip("nobody waits inside of its processes")
    with service.serving(SERVER_THREADS="1", **SHORT) as server, holding() as hold:
        first = server.open(request_of(f"/finally/{port_of(hold)}"))
        hold.await_one()
        second = server.open(request_of("/hello/Ada", "X-Request-ID: waited-1"))
        server.signal(signal.SIGTERM)
        with first, second:
            assert [read_answer(client)[0] for client in (first, second)] == [503, 503]
        server.process.wait(PATIENCE)

        assert [(line["status"], line["request_id"]) for line in lines_of(server, "/hello/Ada")] == [(503, "waited-1")]
        assert [line["of"] for line in server.lines() if "/hello/Ada was stopped" in line["message"]] == ["waited-1"]
        assert [line["of"] for line in server.lines() if line["message"] == "`worker` has ended"] == [None]


def test_a_process_does_not_wait_for_a_thread_of_the_services_own_longer_than_the_drain(service: Service) -> None:
    with service.serving(**SHORT | {"SERVER_GRACE": "700"}) as server, holding() as hold:
        server.get(f"/own/{port_of(hold)}")
        hold.await_one()

        assert server.stop() == 0
        [warning] = server.complaints()
        assert warning["level"] == "WARNING"
        assert warning["message"].endswith("before their end: own")


def test_a_thread_of_the_services_own_may_finish_within_the_drain(service: Service, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with service.serving(NOTES=str(notes), **LONG) as server, holding() as hold:
        server.get(f"/own/{port_of(hold)}")
        hold.await_one()
        server.signal(signal.SIGTERM)
        server.until(lambda: server.has_logged("`worker` has ended"))
        time.sleep(1)  # more than the server takes for its own end
        hold.release()

        assert server.process.wait(PATIENCE) == 0
        assert words_of(notes) == ["start", "stop", "own"]
        assert not server.complaints()


@pytest.mark.parametrize("send", [os.killpg, os.kill], ids=["to all, as a terminal does", "to the first process"])
def test_sigint_drains(service: Service, tmp_path: Path, send: Callable[[int, int], None]) -> None:
    notes = tmp_path / "notes"
    with service.serving(NOTES=str(notes), SERVER_DRAIN_LEAD="300", **LONG) as server, holding() as hold:
        client = hold.send(server)
        hold.await_one()
        send(server.process.pid, signal.SIGINT)
        server.until(lambda: any(server.has_logged(words) for words in NOTICED))
        hold.release()

        assert answered_whole(client)
        assert server.process.wait(PATIENCE) in {0, 130}
        assert words_of(notes) == ["start", "stop"]
        assert not server.complaints()
        assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_a_second_sigint_ends_it_at_once(service: Service) -> None:
    with service.serving(**LONG) as server, holding() as hold:
        hold.send(server)
        hold.await_one()
        os.killpg(server.process.pid, signal.SIGINT)
        server.until(lambda: any(server.has_logged(words) for words in NOTICED))
        os.killpg(server.process.pid, signal.SIGINT)

        assert server.process.wait(PATIENCE) in {0, 130}
        assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_a_pool_that_idles_is_not_waited_for(service: Service) -> None:
    with service.serving(POOL="1", **LONG) as server:
        assert server.stop() == 0
        assert not server.complaints()


def test_workers_end_when_their_manager_was_killed(service: Service) -> None:
    with service.serving(POOL="1", **LONG) as server:
        workers = children(server.process.pid)
        server.process.kill()

        until(lambda: not [pid for pid in workers if is_there(pid)])


def test_a_first_sigint_does_not_cut_what_drains(service: Service) -> None:
    if service.model.name.startswith("gunicorn"):
        pytest.skip("gunicorn takes it for a second one")
    with service.serving(**LONG) as server, holding() as hold:
        client = hold.send(server)
        hold.await_one()
        server.signal(signal.SIGTERM)
        server.until(lambda: not server_listens(server))
        os.killpg(server.process.pid, signal.SIGINT)
        server.until(lambda: any(server.has_logged(words) for words in NOTICED))
        hold.release()

        assert answered_whole(client)


def test_a_worker_that_exits_at_its_end_is_a_line_of_the_log(service: Service) -> None:
    with service.serving(LAST_WORDS="the pool is gone") as server:
        assert server.stop() == 0
        lines = [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines()]

    assert [line for line in lines if line["message"] == "the service's `worker` failed to stop"]


def test_a_stream_that_is_cut_is_said(service: Service) -> None:
    with service.serving(**SHORT) as server, server.open(request_of("/stream")) as client:
        assert client.recv(1024)
        server.signal(signal.SIGTERM)
        text = read_answer(client)[1]
        server.process.wait(PATIENCE)

        assert not text.endswith("0\r\n\r\n")
        assert [(line["status"], line["ended_by"]) for line in lines_of(server, "/stream")] == [(200, "server")]
        assert len([line for line in server.lines() if "was stopped by the server" in line["message"]]) == 1
        assert not [line for line in server.lines() if line["level"] == "ERROR"]
        assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_a_stream_can_end_itself_within_the_lead(service: Service) -> None:
    """`ending` or `until_ending` tells it; the answer is whole, and the service still listens."""
    with service.serving(SERVER_DRAIN_LEAD="300", **LONG) as server, server.open(request_of("/events")) as client:
        assert client.recv(1024)
        server.signal(signal.SIGTERM)
        said = b""
        while b"bye" not in said:
            said += client.recv(1024)
        server.until(lambda: lines_of(server, "/events"))

        assert "ended_by" not in lines_of(server, "/events")[0]


def test_a_stream_ends_itself_where_another_process_takes_over(service: Service) -> None:
    if "reload" not in service.model.abilities or service.model.name == "gunicorn-sync":
        pytest.skip("it cannot reload, or has one request a process and answers nobody meanwhile")
    with service.serving(**LONG) as server, server.open(request_of("/events")) as client:
        assert client.recv(1024)
        server.signal(signal.SIGHUP)
        said = b""
        while b"bye" not in said:
            said += client.recv(1024)

        assert server.get("/health/ready")[0] == 200
        server.stop()


def test_what_goes_on_after_its_answer_may_finish_within_the_drain(service: Service, tmp_path: Path) -> None:
    """Its client has gone, for longer than gunicorn would let it go on: a silent connection, opened later, was closed."""
    if service.model.interface == "WSGI":
        pytest.skip("nothing goes on after an answer but threads of the service's own")
    notes = tmp_path / "notes"
    with service.serving(NOTES=str(notes), SERVER_KEEP_ALIVE="4", **LONG) as server, holding() as hold:
        server.open(request_of(f"/later/{port_of(hold)}")).close()
        hold.await_one()
        with server.open() as silent:
            assert not silent.recv(1)
        server.signal(signal.SIGTERM)
        server.until(lambda: not server_listens(server))
        hold.release()

        assert server.process.wait(PATIENCE) == 0
        assert words_of(notes) == ["start", "done", "stop"]


@pytest.mark.parametrize("sent", ["", "GET / HTTP/1.1\r\nHost: x\r\n"], ids=["nothing", "half a head"])
def test_a_client_that_does_not_ask_is_not_waited_for(service: Service, sent: str) -> None:
    """Not for the drain; no longer than that where half a head holds a thread."""
    drain = "2" if sent and service.model.interface == "WSGI" else "300"
    chosen = LONG | {"SERVER_DRAIN": drain, "SERVER_KEEP_ALIVE": "300"}
    with service.serving(**chosen) as server, server.open(sent), server.open(sent):
        server.signal(signal.SIGTERM)

        assert server.process.wait(PATIENCE) == 0


def server_listens(server: Running) -> bool:
    try:
        server.open().close()
    except OSError:
        return False
    return True


def test_what_goes_on_after_its_answer_and_is_cut_is_said(service: Service, tmp_path: Path) -> None:
    if service.model.interface == "WSGI":
        pytest.skip("nothing goes on after an answer but threads of the service's own")
    notes = tmp_path / "notes"
    with service.serving(NOTES=str(notes), **SHORT) as server, holding() as hold:
        server.open(request_of(f"/later/{port_of(hold)}")).close()
        hold.await_one()
        server.stop()

        assert words_of(notes) == ["start", "stop"]
        assert len(noted(notes, "stop")) == 1
        assert len([line for line in server.lines() if "was stopped by the server" in line["message"]]) == 1
        assert not [line for line in server.lines() if line["level"] == "ERROR"]


def test_a_worker_ends_when_it_has_nothing_left_and_not_when_it_looks_next(service: Service, tmp_path: Path) -> None:
    if service.model.name != "gunicorn-asgi":
        pytest.skip("what looks is gunicorn's ASGI worker, and its gevent worker, which cannot be called")
    notes = tmp_path / "notes"
    with service.changed("asgi.py", "import asyncio\n", RARELY), service.serving(NOTES=str(notes), **LONG) as server:
        server.signal(signal.SIGTERM)

        assert server.process.wait(PATIENCE) == 0
        assert words_of(notes) == ["start", "stop"]
