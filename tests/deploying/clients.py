"""Clients: one that asks once, fifty that are slow, a steady load that records every request."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from types import MappingProxyType
from typing import Any

__all__ = ["OPENINGS", "Steady", "answered", "ask", "slow_clients"]

SLOW = 50

OPENINGS = {
    "headers": b"GET /hello/slow HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "bodies": b"POST /seen HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n",
}


def ask(
    port: int,
    path: str = "/hello/you",
    *,
    method: str = "GET",
    body: bytes | None = None,
    source: str = "127.0.0.1",
    timeout: float = 5,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, Any, HTTPResponse]:
    """Status, JSON and the answer itself; raises OSError or HTTPException."""
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=(source, 0))
    with closing(connection):
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer


@contextmanager
def slow_clients(port: int, opening: bytes) -> Iterator[None]:
    """Fifty clients that sent `opening` and go on with a byte a second."""
    over = threading.Event()
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)) for _ in range(SLOW)]
        for client in clients:
            client.sendall(opening)

        def trickle() -> None:
            while not over.wait(1):
                for client in clients:
                    try:
                        client.sendall(b"x")
                    except OSError:
                        continue  # it was cut off, as it should be some day

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def answered(port: int, count: int, timeout: float) -> int:
    """How many of so many ordinary requests, five at a time, are answered in time."""
    good: list[bool] = []

    def some(share: int) -> None:
        for _ in range(share):
            try:
                good.append(ask(port, timeout=timeout)[0] == 200)
            except (OSError, HTTPException):
                good.append(False)

    threads = [threading.Thread(target=some, args=(count // 5,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(good) == count
    return sum(good)


@dataclass
class Steady:
    """Clients with a new connection for each request, until told to stop; every request is recorded, none is tried again.

    One of another `method` than GET is `wanted` to be refused, by the service itself.
    """

    port: int
    method: str = "GET"
    wanted: int = 200
    timeout: float = 20
    sent: int = 0
    lost: list[str] = field(default_factory=list)
    answers: set[str] = field(default_factory=set)

    @contextmanager
    def running(self) -> Iterator[None]:
        over = threading.Event()
        threads = [threading.Thread(target=self.go_on, args=(over,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def go_on_for(self, requests: int) -> None:
        """Return when so many more were sent."""
        until = self.sent + requests
        while self.sent < until:
            time.sleep(0.01)

    def go_on(self, over: threading.Event) -> None:
        while not over.is_set():
            self.sent += 1
            try:
                status, body, _ = ask(self.port, method=self.method, timeout=self.timeout)
                self.answers.add(body.get("message", ""))
                if status != self.wanted:
                    self.lost.append(str(status))
            except (OSError, HTTPException) as error:
                self.lost.append(repr(error))
            time.sleep(0.01)
