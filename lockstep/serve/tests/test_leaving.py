"""A client that leaves is no error of the service: one line says so, and nothing else does."""

import struct
from collections.abc import Callable
from socket import SO_LINGER, SOL_SOCKET, socket
from typing import Any

import pytest

from holding import holding
from running import Running, request_of
from services import Service


def upload_half(server: Running) -> socket:
    return server.open("POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345")


def upload_half_a_chunk(server: Running) -> socket:
    return server.open("POST /body HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\na\r\n12345")


def take_a_part(server: Running) -> socket:
    client = server.open(request_of("/stream"))
    assert client.recv(1024)
    return client


def reset(client: socket) -> None:
    """Close it so that the server is told at once, as when a process dies."""
    client.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def ended_by_client(server: Running, path: str) -> list[dict[str, Any]]:
    return [line for line in server.lines_of(path) if line.get("ended_by") == "client"]


@pytest.mark.parametrize("leave", [socket.close, reset])
@pytest.mark.parametrize("begin", [upload_half, upload_half_a_chunk, take_a_part])
def test_one_line_says_that_the_client_left(
    server: Running, service: Service, begin: Callable[[Running], socket], leave: Callable[[socket], None]
) -> None:
    path = "/stream" if begin is take_a_part else "/body"
    unheard = 400 if service.model.interface == "WSGI" else 0  # it may have ended its half of the connection only
    before, lines = len(server.lines()), len(ended_by_client(server, path))
    leave(begin(server))
    server.until(lambda: len(ended_by_client(server, path)) > lines)
    server.get("/hello/Ada")  # what was said before is in the log now

    assert len(ended_by_client(server, path)) == lines + 1
    assert ended_by_client(server, path)[-1]["status"] == (200 if path == "/stream" else unheard)
    assert not [line for line in server.lines()[before:] if line["level"] not in {"INFO", "DEBUG"} or line.get("status") == 500]
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("leave", [socket.close, reset])
def test_who_leaves_a_large_answer_holds_nothing(server: Running, service: Service, leave: Callable[[socket], None]) -> None:
    known = len(server.lines_of("/large"))
    client = server.open(request_of("/large"))
    assert client.recv(1024)
    leave(client)
    server.until(lambda: len(server.lines_of("/large")) > known)

    # uvicorn takes it whole into its memory, whoever reads it.
    assert server.lines_of("/large")[-1].get("ended_by") == (None if "uvicorn" in service.model.name else "client")


def test_so_it_says_of_a_client_that_left_while_its_request_waited(service: Service) -> None:
    if service.model.interface == "WSGI":
        pytest.skip("nothing looks at the connection while the request has its thread")
    with service.serving() as server, holding() as hold:
        client = hold.send(server)
        hold.await_one()
        client.close()
        server.until(lambda: gone(server))
        hold.release()
        server.until(lambda: [line for line in server.lines() if line.get("ended_by") == "client"])
        server.stop()

        assert not [line for line in server.lines() if line["level"] not in {"INFO", "DEBUG"} or line.get("status") == 500]


def test_who_has_the_whole_answer_may_leave(service: Service) -> None:
    if service.model.interface == "WSGI":
        pytest.skip("nothing goes on after an answer")
    with service.serving() as server, holding() as hold:
        with server.open(request_of(f"/later/{hold.listener.getsockname()[1]}")) as client:
            while b"now" not in client.recv(1024):
                pass
            hold.await_one()
        server.until(lambda: gone(server))
        hold.release()
        server.until(lambda: [line for line in server.lines() if line.get("path", "").startswith("/later/")])
        [line] = [line for line in server.lines() if line.get("path", "").startswith("/later/")]
        server.stop()

    assert (line["status"], line.get("ended_by")) == (200, None)


def gone(server: Running) -> bool:
    """Whether another request was answered since: the loop has then seen what came before."""
    return server.get("/hello/Ada")[0] == 200 and server.get("/hello/Ada")[0] == 200
