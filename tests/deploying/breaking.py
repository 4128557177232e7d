"""A server that breaks the connection on the second request, to see what a proxy sends again."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Breaking", "breaking"]


@dataclass
class Breaking:
    """An HTTP server that answers the first request of a connection, and closes it on the second; it counts both."""

    listener: socket.socket
    first: list[str] = field(default_factory=list)
    second: list[str] = field(default_factory=list)

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                if method := self.request(lines):
                    self.first.append(method)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                if method := self.request(lines):
                    self.second.append(method)

    def request(self, lines: Any) -> str:
        """Its method, or nothing at the end; a body of ours is one line."""
        head = list(iter(lines.readline, b"\r\n")) if (begin := lines.readline()).strip() else []
        if any(line.lower().startswith(b"content-length: 2") for line in head):
            lines.readline()
        return str(begin.split(b" ")[0].decode())


@contextmanager
def breaking() -> Iterator[tuple[Breaking, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Breaking(listener)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield server, listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
