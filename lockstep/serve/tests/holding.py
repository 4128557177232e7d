"""Requests that stay in flight until they are let go: what happens meanwhile is known, not timed."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from running import PATIENCE, Running, read_answer, request_of
from services import TOKEN

__all__ = ["Holding", "answered_whole", "holding", "waiting_at"]


class Holding:
    """Sends requests that the server cannot answer before `release`; the server's own connection shows that it has one."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.listener.settimeout(PATIENCE)
        self.held: list[socket.socket] = []

    def request(self, *headers: str) -> str:
        """One of them as it goes over the wire."""
        return request_of(f"/.lockstep/{TOKEN}/hold/{self.listener.getsockname()[1]}", *headers)

    def send(self, server: Running) -> socket.socket:
        """A request on a connection of its own."""
        return self.stack.enter_context(server.open(self.request("Connection: close")))

    def await_one(self) -> None:
        """Wait until the application has one more of them."""
        self.held.append(self.stack.enter_context(self.listener.accept()[0]))

    def release(self) -> None:
        """Have all answered that the application has."""
        for connection in self.held:
            connection.close()
        self.held.clear()


@contextmanager
def holding() -> Iterator[Holding]:
    with ExitStack() as stack:
        yield Holding(stack)


def answered_whole(client: socket.socket) -> bool:
    """Whether the answer is whole; the connection is closed after it, as servers wait for."""
    with client:
        status, text = read_answer(client)
    return status == 200 and text.endswith("\r\n\r\nwaited")


def waiting_at(hold: Holding, before: str = "GREETING =") -> str:
    """What holds up whoever imports a module of the service, and what comes after it there; `hold` knows of it."""
    return f"import socket\n\nsocket.create_connection({hold.listener.getsockname()}).recv(1)\n{before}"
