"""Clients that never get to the end of a request: each sends a byte of a header when it is told to, and holds its connection.

A server that reads a request with one of few workers is silent while enough of them are there.
"""

import contextlib
import itertools
import socket
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from lockstep_tool.prove.expecting import patience

__all__ = ["SlowClients"]

BEGINNING = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


class SlowClients:
    """So many connections to 127.0.0.1:`port`; a context manager. `silent` ones never send anything."""

    def __init__(self, port: int, number: int, *, silent: bool = False) -> None:
        self.port, self.number, self.silent = port, number, silent
        self.sockets: list[socket.socket] = []
        self.opened = ExitStack()
        self.bytes = itertools.chain(BEGINNING, itertools.repeat(ord("x")))

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            address = ("127.0.0.1", self.port)
            for _ in range(self.number):
                self.sockets.append(stack.enter_context(socket.create_connection(address, timeout=patience())))
            self.opened = stack.pop_all()
        if not self.silent:
            self.send_on()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.opened.close()

    def send_on(self) -> None:
        """One more byte each."""
        byte = bytes([next(self.bytes)])
        for client in self.sockets:
            with contextlib.suppress(OSError):  # the server may close one: that is its right
                client.send(byte)
