"""WebSockets and streams that are open while a server is restarted, and how each of them ends.

A WebSocket is closed with 1012 by a server that is to end, a stream ends itself as its handler asks `ending()`: whoever
had it knows that it is whole, and comes back. Anything else is lost.
"""

import threading
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from types import TracebackType
from typing import Self

from lockstep_tool.environments.asking import LimitedConnection, read_pieces
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.websocket import RESTART, open_socket, read_close_code

__all__ = ["LOST", "Lasting"]

EACH = 2  # clients of each kind
STREAM_MILLISECONDS, SHORT_MILLISECONDS = 1000, 50  # the short one where a process serves one at a time
PAUSE_SECONDS = 0.05  # before a client comes back
END = b"end"  # the last that a stream says
LOST = "lost"


class Lasting:
    """Clients that keep WebSockets and streams open, and open others when theirs have ended; a context manager."""

    def __init__(self, server: Server, closed: threading.Event) -> None:
        """`closed` is set when no more are to be opened."""
        model = server.production.model
        stream = STREAM_MILLISECONDS if "overlap" in model.abilities else SHORT_MILLISECONDS
        self.over, self.closed = threading.Event(), closed
        self.ends: dict[str, Counter[str]] = {"streams": Counter()}
        acts: dict[str, Callable[[], str]] = {"streams": lambda: take_stream(server.port, server.path("stream", stream))}
        if model.interface == "ASGI":
            self.ends["WebSockets"] = Counter()
            acts["WebSockets"] = lambda: self.hold_socket(server.port, server.path("socket", 0))
        self.threads = [
            threading.Thread(target=self.go_on, args=(kind, act), daemon=True) for kind, act in acts.items() for _ in range(EACH)
        ]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.over.set()
        if not kind:
            self.stop()

    def stop(self) -> dict[str, dict[str, int]]:
        """Wait until the clients have gone; by kind, how many ended in which way."""
        self.over.set()
        for thread in self.threads:
            thread.join()
        return {kind: dict(ends) for kind, ends in self.ends.items()}

    def go_on(self, kind: str, act: Callable[[], str]) -> None:
        """One after another; none is opened any more where a load balancer would open none."""
        while not (self.over.is_set() or self.closed.is_set()):
            self.ends[kind][act()] += 1
            self.over.wait(PAUSE_SECONDS)

    def hold_socket(self, port: int, path: str) -> str:
        """Open one and wait for its end, or until nobody needs it any more."""
        try:
            client, status = open_socket(port, path)
        except OSError:
            return LOST
        with client:
            if status != 101:
                return "sent elsewhere" if status == 503 else LOST
            code = read_close_code(client, self.over.is_set)
        return {None: "left", RESTART: "closed with 1012"}.get(code, LOST)


def take_stream(port: int, path: str) -> str:
    """Read it to its end."""
    connection, last = LimitedConnection(port, 60), b""
    try:
        connection.request("GET", path)
        with connection.getresponse() as answer:
            for piece in read_pieces(answer):
                last = piece
    except (OSError, HTTPException):
        return LOST
    finally:
        connection.close()
    return "whole" if answer.status == 200 and last.endswith(END) else LOST
