"""More connections than a process may have files open: it says so, does not die, and serves when there is room again."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from running import Running, children, request_of
from services import Service

FILES, SILENT = 128, 110  # more than three of four of them
STAY = {"WEB_CONCURRENCY": "1", "SERVER_KEEP_ALIVE": "300"}


@contextmanager
def few_files() -> Iterator[None]:
    """What is started meanwhile may have few files open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def pids(server: Running) -> set[int]:
    return children(server.process.pid) or {server.process.pid}


@contextmanager
def serving_with_few_files(service: Service) -> Iterator[Running]:
    with ExitStack() as stack:
        with few_files():
            server = stack.enter_context(service.starting(**STAY))
        server.await_ready()
        yield server


def test_those_above_the_bound_are_refused_or_wait(service: Service) -> None:
    if service.model.name == "gunicorn-sync":
        pytest.skip("it has one connection a process")
    with serving_with_few_files(service) as server:
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


def test_a_worker_without_files_does_not_die(service: Service) -> None:
    if service.model.name in {"gunicorn-sync", "gunicorn-gevent"}:
        pytest.skip("it has one connection a process, or waits by itself")
    with service.serving(**STAY) as server:
        workers = pids(server)
        [worker] = workers
        kept = server.open(request_of("/hello/Ada"))
        assert kept.recv(1024)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (FILES, FILES))
        with ExitStack() as stack:
            for _ in range(2 * FILES):
                stack.enter_context(server.open())
            kept.sendall(request_of("/hello/Ada").encode())
            assert b" 200 " in kept.recv(1024)
        kept.close()
        server.until(lambda: server.get("/hello/Ada")[0] == 200)

        assert pids(server) == workers
