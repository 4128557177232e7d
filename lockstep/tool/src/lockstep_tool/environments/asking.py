"""Ask a service on this machine, each path twice, and print its answers as JSON.

One file, standard library only, so that a container is asked from inside it without installing anything there: it is
piped into the container's own Python, `… python -B - PORT PATH …`.
"""

import hashlib
import json
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from typing import Any

__all__ = ["Answers", "LimitedConnection", "ask_paths", "read_pieces"]

UNKNOWN = "/.lockstep/no-such-path"  # how an error looks, too: a debug page is what differs first
# Alike everywhere: a service may put the address and the id of a request into its answer.
ASKED_WITH = {"Host": "localhost", "X-Request-ID": "lockstep-behaviour", "Connection": "close"}
# Of the moment, of the connection, or another way to say what the body says: of a file, both `etag` and `last-modified` are made
# of the time at which it was installed.
NOT_COMPARED = {
    *("connection", "content-length", "date", "etag", "keep-alive", "last-modified", "server", "transfer-encoding"),
    "x-request-id",
}
READY_SECONDS = 60
ANSWER_SECONDS = 60
TEXT = 2000  # characters of a body that are kept to show where it differs
PIECE = 65_536  # bytes of a body that are read at once

Answers = dict[str, Any]  # path → its answer


class LimitedSocket(socket.socket):
    """A connected socket whose reads are over at `until`, a time of the monotonic clock, however many there are."""

    seconds = until = float("inf")

    def recv_into(self, *given: Any) -> int:
        left = self.until - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            self.settimeout(left)
            return super().recv_into(*given)
        except TimeoutError:
            raise TimeoutError(f"no answer that ends within {self.seconds:g} s") from None


class LimitedConnection(HTTPConnection):
    """To a port of 127.0.0.1. An answer has to end so many seconds after its request: http.client's own timeout begins
    anew with each byte, so that a path which streams for ever would be read for ever.
    """

    def __init__(self, port: int, seconds: float) -> None:
        super().__init__("127.0.0.1", port, timeout=seconds)
        self.seconds = seconds

    def connect(self) -> None:
        super().connect()
        self.sock = LimitedSocket(self.sock.family, self.sock.type, self.sock.proto, self.sock.detach())
        self.begin()

    def begin(self) -> None:
        """Count the seconds from now on."""
        if isinstance(self.sock, LimitedSocket):
            self.sock.settimeout(self.seconds)  # for what is sent
            self.sock.seconds, self.sock.until = self.seconds, time.monotonic() + self.seconds

    def putrequest(self, *given: Any, **options: Any) -> None:
        self.begin()
        super().putrequest(*given, **options)


def read_pieces(answer: HTTPResponse) -> Iterator[bytes]:
    """The body, of which nobody has to keep all; raises IncompleteRead when it breaks off, which `read(size)` does not."""
    while piece := answer.read(PIECE):
        yield piece
    if answer.length:
        raise IncompleteRead(b"", answer.length)


def ask_paths(port: int, paths: Iterable[str]) -> Answers:
    """Path → answer; in `unsteady` stands which of its parts are others when it is asked again."""
    found = {}
    for path in [*paths, UNKNOWN]:
        first, again = ask(port, path), ask(port, path)
        names = first["headers"].keys() | again["headers"].keys()
        unsteady = [name for name in sorted(names) if first["headers"].get(name) != again["headers"].get(name)]
        unsteady += [part for part in ("body", "status") if first[part] != again[part]]
        found[path] = {**first, "unsteady": unsteady}
    return found


def ask(port: int, path: str) -> dict[str, Any]:
    """One GET: status, headers, and of the body its digest, its size and how it begins; status 0 is no answer."""
    connection, digest, size, begins = LimitedConnection(port, ANSWER_SECONDS), hashlib.sha256(), 0, b""
    try:
        connection.request("GET", path, headers=ASKED_WITH)
        with connection.getresponse() as answer:
            status, headers = answer.status, sorted((name.lower(), value) for name, value in answer.getheaders())
            for piece in read_pieces(answer):
                digest.update(piece)
                size, begins = size + len(piece), begins or piece
    except (OSError, HTTPException) as error:
        status, headers, begins = 0, [], f"{type(error).__name__}: {error}".encode()
        digest, size = hashlib.sha256(begins), len(begins)
    finally:
        connection.close()
    kept: dict[str, list[str]] = {}
    for name, value in headers:
        if name not in NOT_COMPARED:
            kept.setdefault(name, []).append(value)
    return {
        "status": status,
        "headers": {name: ", ".join(values) for name, values in kept.items()},
        "body": digest.hexdigest(),
        "size": size,
        "text": begins.decode("utf-8", "replace")[:TEXT],
    }


def until_ready(port: int) -> None:
    """Wait until it takes traffic; ends the process with what was heard last when it does not."""
    until = time.monotonic() + READY_SECONDS
    while (heard := ask(port, "/health/ready"))["status"] != 200:
        if time.monotonic() > until:
            sys.exit(f"not ready within {READY_SECONDS} s: {heard['status']} {heard['text'][:200]}")
        time.sleep(0.02)


if __name__ == "__main__":
    until_ready(int(sys.argv[1]))
    json.dump(ask_paths(int(sys.argv[1]), sys.argv[2:]), sys.stdout)
