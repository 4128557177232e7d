"""Clients that never get to the end of a request: each sends a byte of a header now and then, and holds its connection.

A server that reads a request with one of few workers is silent while enough of them are there.
"""

import contextlib
import itertools
import socket
import threading
from types import TracebackType
from typing import Self

__all__ = ["SlowClients"]

BEGINNING = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


class SlowClients:
    """So many connections to 127.0.0.1:`port`, each with a byte every `pace` seconds; a context manager."""

    def __init__(self, port: int, number: int = 50, pace: float = 1.0) -> None:
        self.port, self.number, self.pace = port, number, pace
        self.sockets: list[socket.socket] = []
        self.over = threading.Event()
        self.sender = threading.Thread(target=self.send, daemon=True)

    def __enter__(self) -> Self:
        for _ in range(self.number):
            client = socket.create_connection(("127.0.0.1", self.port), timeout=5)
            self.sockets.append(client)
            client.sendall(BEGINNING[:1])
        self.sender.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.over.set()
        if self.sender.is_alive():
            self.sender.join()
        for client in self.sockets:
            client.close()

    def send(self) -> None:
        for byte in itertools.chain(BEGINNING[1:], itertools.repeat(ord("x"))):
            if self.over.wait(self.pace):
                return
            for client in self.sockets:
                with contextlib.suppress(OSError):  # the server may close one: that is its right
                    client.send(bytes([byte]))
