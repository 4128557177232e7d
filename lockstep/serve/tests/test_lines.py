"""Whatever the server model, each line of the log is JSON, and an orderly stop has no line that reads as a fault."""

import contextlib
import json
import resource
import signal
import socket
from contextlib import ExitStack
from typing import Any

from running import Running, children, request_of
from services import Service

DESCRIPTORS = 48  # of a worker: enough to start, too few for the clients that come


def every_line(server: Running) -> list[dict[str, Any]]:
    """All that the server printed; a line that is no JSON fails the test."""
    return [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines()]


def test_an_orderly_stop_says_nothing_of_sockets_and_signals(service: Service) -> None:
    with service.serving() as server:
        server.get("/hello/Ada")
        server.stop()
        messages = [line["message"] for line in every_line(server)]

    assert not [text for text in messages if "Error while closing" in text or "was sent" in text]


def test_the_key_of_a_terminal_ends_it_without_a_traceback(service: Service) -> None:
    with service.serving() as server:
        server.get("/hello/Ada")
        server.signal(signal.SIGINT)
        server.process.wait(60)

        assert "Traceback" not in server.log.read_text(encoding="utf-8")
        assert every_line(server)


def test_lines_are_json_where_descriptors_run_out(service: Service) -> None:
    with service.serving(WEB_CONCURRENCY="1") as server:
        for pid in children(server.process.pid) or {server.process.pid}:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        with ExitStack() as clients:
            for _ in range(DESCRIPTORS * 2):
                client = clients.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                client.sendall(request_of("/hello/Ada")[:9].encode())
            with contextlib.suppress(OSError):
                server.ask(request_of("/hello/Ada"), patience=2)
        server.await_ready()
        server.stop()

        assert every_line(server)
