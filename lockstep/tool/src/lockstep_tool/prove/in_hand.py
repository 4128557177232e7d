"""Requests that stay in hand of a server until they are let go: what happens meanwhile is known, not timed.

The server's waiting layer connects to the port in their path and answers when that connection ends. So a connection
that comes in says that a request is in hand, and that it stays there.
"""

import select
import socket
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from lockstep_tool.environments.asking import LimitedConnection
from lockstep_tool.prove.client import Answer, read_answer
from lockstep_tool.prove.expecting import expect, patience, wait_until
from lockstep_tool.prove.passed_socket import open_listener
from lockstep_tool.prove.process import Server

__all__ = ["Holding", "Sent", "fill"]

WHOLE = Answer(200, b"waited")


class Sent:
    """A GET that is on its way to 127.0.0.1:`port`; a context manager. Raises OSError when it cannot be sent."""

    def __init__(self, port: int, path: str) -> None:
        self.connection = LimitedConnection(port, patience())
        try:
            self.connection.request("GET", path, headers={"Connection": "close"})
        except OSError:
            self.connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.connection.close()

    def is_answered(self) -> bool:
        """Whether an answer, or the connection's end, has come and was not read yet."""
        poll = select.poll()
        poll.register(self.connection.sock, select.POLLIN)
        return bool(poll.poll(0))

    def read(self) -> Answer:
        """The whole answer, waited for; raises OSError, also when it breaks off."""
        try:
            self.connection.begin()  # it may have been held for longer than patience lasts
            return read_answer(self.connection)
        finally:
            self.connection.close()


class Holding:
    """Listens for requests that come in hand; a context manager that lets all of them go."""

    def __enter__(self) -> Self:
        self.listener = open_listener()
        self.listener.setblocking(False)
        self.port = int(self.listener.getsockname()[1])
        self.held: list[socket.socket] = []
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.let_go()

    def path(self, server: Server) -> str:
        """What to ask this server for."""
        return server.path("hold", self.port)

    def count(self) -> int:
        """How many are in hand, or have been."""
        while True:
            try:
                self.held.append(self.listener.accept()[0])
            except BlockingIOError:
                return len(self.held)

    def let_go(self) -> None:
        """Have all answered that are in hand by now; none is held from now on."""
        if self.listener.fileno() >= 0:
            self.count()
        self.listener.close()
        for connection in self.held:
            connection.close()


def fill(stack: ExitStack, server: Server, holding: Holding, count: int, *, more: int = 0) -> list[Sent]:
    """Have exactly so many requests in hand at once; the stack closes them.

    One that is refused came while the server had something else in hand, and is sent again. `more` may follow where a
    process takes connections that it has no thread for: then one of them comes to a process that is free.
    """
    path = holding.path(server)
    requests = [stack.enter_context(Sent(server.port, path)) for _ in range(count)]
    following = iter(range(more))

    def full() -> bool:
        before = len(holding.held)
        if holding.count() >= count:
            return True
        if holding.count() == before and next(following, None) is not None:
            requests.append(stack.enter_context(Sent(server.port, path)))
        for index, request in enumerate(requests):
            if request.is_answered():
                status = request.read().status
                expect(status == 503, f"a request that waits is answered {status} before its time")
                requests[index] = stack.enter_context(Sent(server.port, path))
        return False

    wait_until(full, lambda: f"of {count} requests that wait, {holding.count()} were in hand at once, the others behind them")
    return requests
