"""More connections than a process may have files open: it says so, does not die, and serves when there is room again."""

import contextlib
import resource
import socket
from contextlib import ExitStack

import pytest

from running import PATIENCE, Running, children, request_of
from services import Service

FILES, SILENT = 128, 110  # more than three of four of them
STAY = {"WEB_CONCURRENCY": "1", "SERVER_KEEP_ALIVE": "300"}


def pids(server: Running) -> set[int]:
    return children(server.process.pid) or {server.process.pid}


def read_hello(client: socket.socket) -> str:
    """An answer to the end of its body; it may come in pieces."""
    said = b""
    while not said.endswith(b"Hello, Ada!"):
        piece = client.recv(1024)
        assert piece, said
        said += piece
    return said.decode()


def test_those_above_the_bound_are_refused_or_wait(service: Service) -> None:
    if service.model.name == "gunicorn-sync":
        pytest.skip("it has one connection a process")
    with service.serving(FILES=str(FILES), **STAY) as server:
        workers = pids(server)
        with ExitStack() as stack:
            clients = [stack.enter_context(server.open()) for _ in range(SILENT)]
            if service.model.interface == "ASGI":
                assert b"503" in clients[-1].recv(1024)
            if service.model.name != "gunicorn-gevent":  # which lets them wait without a word
                server.until(lambda: server.has_logged("three of four file descriptors"))
        server.until(lambda: server.get("/hello/Ada")[0] == 200)

        assert pids(server) == workers
        assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_files_of_the_services_own_count(service: Service) -> None:
    if service.model.interface == "WSGI":
        pytest.skip("its connections are counted, and the others wait in the kernel's queue")
    with service.serving(FILES=str(FILES), **STAY) as server:
        assert server.get("/files")[0] == 200
        with ExitStack() as stack:
            clients = [stack.enter_context(server.open()) for _ in range(FILES // 2)]

            assert b"503" in clients[-1].recv(1024)
            server.until(lambda: server.has_logged("three of four file descriptors"))


def test_a_client_that_does_not_close_its_connection_holds_up_nobody(service: Service) -> None:
    """Not for the 2 s that gunicorn waits for it: so many would hold up this test for longer than it has."""
    if service.model.name == "gunicorn-sync":
        pytest.skip("its process waits for the client, as long as the proxy in front lets it")
    with service.serving(WEB_CONCURRENCY="1", SERVER_THREADS="1") as server, ExitStack() as stack:
        for _ in range(int(PATIENCE)):
            client = stack.enter_context(server.open(request_of("/hello/Ada", "Connection: close")))
            assert read_hello(client).startswith("HTTP/1.1 200")


def test_a_worker_without_files_does_not_die(service: Service) -> None:
    if service.model.name in {"gunicorn-sync", "gunicorn-gevent"}:
        pytest.skip("it has one connection a process, or waits by itself")
    with service.serving(**STAY) as server:
        workers = pids(server)
        [worker] = workers
        kept = server.open(request_of("/hello/Ada"))
        assert read_hello(kept).startswith("HTTP/1.1 200")
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (FILES, FILES))
        with ExitStack() as stack:
            for _ in range(2 * FILES):
                stack.enter_context(server.open())
            kept.sendall(request_of("/hello/Ada").encode())
            assert read_hello(kept).startswith("HTTP/1.1 200")
        kept.close()
        server.until(lambda: server.get("/hello/Ada")[0] == 200)

        assert pids(server) == workers


@pytest.mark.parametrize("said", ["", "GET /hello/Ada HTTP/1.1\r\nHost: loc"], ids=["nothing", "half a head"])
def test_one_that_says_no_request_is_closed(service: Service, said: str) -> None:
    """After `keep_alive`, without a fault in the log; the others are served meanwhile."""
    if service.model.name == "gunicorn-sync" or (said and service.model.name == "gunicorn-gthread"):
        pytest.skip("its process or its thread waits for the client, as long as the proxy in front lets it")
    with service.serving(WEB_CONCURRENCY="1", SERVER_KEEP_ALIVE="1") as server, server.open(said) as silent:
        assert server.get("/hello/Ada")[0] == 200
        with contextlib.suppress(ConnectionResetError):
            while silent.recv(1024):
                pass

        assert server.get("/hello/Ada")[0] == 200
        assert not server.complaints()
