"""A WebSocket is served alike under every model with an event loop: its id, its line, its limits, and its close."""

import contextlib
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from holding import holding
from running import PATIENCE, Running, request_of
from services import Service
from test_refusals import read_problem

RESTART = 1012
LONG = {"SERVER_DRAIN": "300", "SERVER_DRAIN_LEAD": "300", "SERVER_GRACE": "700"}  # seconds; who waits for them fails


@pytest.fixture(autouse=True)
def only_with_an_event_loop(service: Service) -> None:
    if service.model.interface != "ASGI":
        pytest.skip("WSGI has no WebSockets")


@contextmanager
def talking(server: Running, path: str, **headers: str) -> Iterator[ClientConnection]:
    with connect(f"ws://127.0.0.1:{server.port}{path}", additional_headers=headers, open_timeout=PATIENCE) as client:
        yield client


def close_code(client: ClientConnection) -> int | None:
    """The code with which the server closes, after whatever it still sends."""
    with contextlib.suppress(ConnectionClosed):
        while client.recv(PATIENCE):
            pass
    return client.protocol.close_code


def refusal(server: Running, path: str) -> dict[str, Any]:
    """What answers a handshake: its body, which is a problem document with the id of its header field."""
    with pytest.raises(InvalidStatus) as caught, talking(server, path):
        pass
    response = caught.value.response
    problem: dict[str, Any] = json.loads(response.body or b"")

    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == problem["request_id"]
    assert response.status_code == problem["status"]
    return problem


def test_it_has_an_id_and_one_line_without_its_query(server: Running) -> None:
    before = len(server.lines())
    with talking(server, "/echo?token=hunter2", **{"X-Request-ID": "socket-1"}) as client:
        client.send("hello")

        assert client.recv(PATIENCE) == "hello"
        assert client.response is not None
        assert client.response.headers["x-request-id"] == "socket-1"
    server.until(lambda: [line for line in server.lines_of("/echo") if line["request_id"] == "socket-1"])
    [line] = [line for line in server.lines_of("/echo") if line["request_id"] == "socket-1"]

    assert (line["status"], line["ended_by"]) == (101, "client")
    assert [one["logger"] for one in server.lines()[before:] if "/echo" in one["message"]] == ["access"]
    assert "hunter2" not in server.log.read_text(encoding="utf-8")


def test_one_that_the_application_does_not_take_is_refused(server: Running) -> None:
    problem = refusal(server, "/nowhere")

    assert problem["status"] == 403
    server.until(lambda: server.lines_of("/nowhere"))
    assert [(line["status"], line["request_id"]) for line in server.lines_of("/nowhere")] == [(403, problem["request_id"])]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        pytest.param("Sec-WebSocket-Version: 13", 400, id="no key"),
        pytest.param("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short", 400, id="half a key"),
        pytest.param("Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==", 426, id="no version"),
    ],
)
def test_a_handshake_that_is_not_valid_is_refused(server: Running, stated: str, expected: int) -> None:
    before = len(server.lines())
    head = f"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{stated}\r\n\r\n"
    status, text = server.ask(head)
    headers, problem = read_problem(text)
    server.until(lambda: [line for line in server.lines()[before:] if line.get("request_id") == problem["request_id"]])

    assert (status, problem["status"], headers["x-request-id"]) == (expected, expected, problem["request_id"])
    assert headers.get("sec-websocket-version") == ("13" if expected == 426 else None)
    assert not server.complaints(before)


def test_a_failure_of_the_application_is_logged_once_and_closes_it(service: Service) -> None:
    with service.serving(WEB_CONCURRENCY="1") as server:
        with talking(server, "/echo") as client:
            client.send("fail")

            assert close_code(client) == 1011
        server.until(lambda: server.lines_of("/echo"))

        [line] = [line for line in server.lines() if line["level"] == "ERROR"]
        assert "LookupError: as it was told" in line["exception"]


KEY = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"


def test_what_was_asked_before_a_handshake_is_answered_before_it(service: Service) -> None:
    with service.serving(WEB_CONCURRENCY="1") as server, holding() as hold:
        client = server.open(hold.request() + f"GET /echo HTTP/1.1\r\nHost: localhost\r\n{KEY}\r\n")
        hold.await_one()
        server.get("/hello/Ada")  # by now the second one has been read, too
        client.sendall(request_of("/hello/third").encode())
        server.get("/hello/Ada")
        hold.release()
        with client:
            said = b""
            while said.count(b"HTTP/1.1 ") < 2:
                data = client.recv(65536)
                assert data, said
                said += data

    assert [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]] in ([b"200", b"101"], [b"200", b"400"])
    assert b"third" not in said


def test_one_that_waits_for_its_answer_at_the_end_is_refused_within_the_lead(service: Service) -> None:
    with service.serving(**LONG) as server, holding() as hold:
        path = f"/wait/{hold.listener.getsockname()[1]}"
        with server.open(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{KEY}\r\n") as client:
            hold.await_one()
            server.signal(signal.SIGTERM)
            said = b""
            while b'"request_id"' not in said:
                said += client.recv(65536)
        hold.release()
        server.until(lambda: server.lines_of(path))

        assert said.startswith(b"HTTP/1.1 503 ")
        assert [line["status"] for line in server.lines_of(path)] == [503]


def test_a_client_that_leaves_before_its_answer_is_no_error(service: Service) -> None:
    with service.serving(WEB_CONCURRENCY="1") as server, holding() as hold:
        path = f"/wait/{hold.listener.getsockname()[1]}"
        with server.open(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{KEY}\r\n"):
            hold.await_one()
        for _ in range(2):
            assert server.get("/hello/Ada")[0] == 200  # the loop has seen by then that it left
        hold.release()
        server.until(lambda: server.lines_of(path))

        assert [line["ended_by"] for line in server.lines_of(path)] == ["client"]
        assert not [line for line in server.lines() if line["level"] == "ERROR"]


def test_a_client_that_vanishes_is_no_error(server: Running) -> None:
    before, known = len(server.lines()), len(server.lines_of("/push"))
    with talking(server, "/push") as client:
        client.recv(PATIENCE)
        client.socket.close()
    server.until(lambda: len(server.lines_of("/push")) > known)

    assert server.lines_of("/push")[-1]["ended_by"] == "client"
    assert not server.complaints(before)


def test_it_counts_among_the_requests_that_are_let_in(service: Service) -> None:
    with service.serving(WEB_CONCURRENCY="1", SERVER_CONCURRENCY="1") as server, talking(server, "/echo") as client:
        client.send("hello")
        client.recv(PATIENCE)

        assert server.get("/hello/Ada")[0] == 503
        assert refusal(server, "/echo")["status"] == 503


def test_it_is_closed_within_the_lead(service: Service) -> None:
    """Idle or pushing; meanwhile the service still accepts, and lets no new one in."""
    with (
        service.serving(WEB_CONCURRENCY="1", **LONG) as server,
        talking(server, "/echo") as idle,
        talking(server, "/push") as push,
    ):
        push.recv(PATIENCE)
        server.signal(signal.SIGTERM)

        assert close_code(idle) == close_code(push) == RESTART
        assert server.get("/health/ready")[0] == 503
        assert refusal(server, "/echo")["status"] == 503
        for path in ("/echo", "/push"):
            server.until(lambda path=path: server.lines_of(path))
            assert server.lines_of(path)[0]["ended_by"] == "server"
        assert not [line for line in server.lines() if line["level"] == "ERROR"]


def test_it_is_closed_at_a_reload_and_comes_back(service: Service) -> None:
    if "reload" not in service.model.abilities:
        pytest.skip("one process cannot reload itself")
    with service.serving(SERVER_DRAIN="300", SERVER_GRACE="400") as server:
        with talking(server, "/echo") as idle, talking(server, "/push") as push:
            push.recv(PATIENCE)
            server.signal(signal.SIGHUP)

            assert close_code(idle) == close_code(push) == RESTART
        server.until(lambda: is_served(server))  # one that comes to a worker that goes is told the same
        server.stop()


def is_served(server: Running) -> bool:
    with contextlib.suppress(ConnectionClosed), talking(server, "/echo") as client:
        client.send("again")
        return client.recv(PATIENCE) == "again"
    return False
