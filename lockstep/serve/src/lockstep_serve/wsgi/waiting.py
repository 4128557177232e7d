"""More paths while `prove` or `bench` runs: two wait as this kind of application waits, so that overlap and draining can be
seen; one computes; one streams; one takes a body; one describes the process.
"""

import os
import socket
import time
from collections.abc import Iterable, Iterator
from typing import Any

from lockstep_serve import ending
from lockstep_serve.surroundings import compute, describe

__all__ = ["Waiting"]


class Waiting:
    """The application with `GET /.lockstep/<token>/wait/<milliseconds>`, `…/compute/…`, `…/hold/<port>`,
    `…/stream/<milliseconds>`, `…/take/0` and `…/surroundings/0` in front of it.
    """

    def __init__(self, application: Any, token: str) -> None:
        self.application, self.prefix = application, f"/.lockstep/{token}/"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer such a path, after its time; everything else goes to the application."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(self.prefix):
            answer: Iterable[bytes] = self.application(environ, start_response)
            return answer
        way, _, number = path.removeprefix(self.prefix).partition("/")
        if way == "stream":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return stream(int(number) / 1000)
        if way == "wait":
            time.sleep(int(number) / 1000)
        elif way == "hold":
            hold(int(number))
        elif way == "take":
            environ["wsgi.input"].read()
        elif way == "compute":
            compute(int(number) / 1000)
        body = (describe() if way == "surroundings" else "waited").encode()
        worker = ("Lockstep-Worker", str(os.getpid()))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), worker])
        return [body]


def hold(port: int) -> None:
    """Wait until whoever listens on that port of this machine ends the connection: it knows what is in flight."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.recv(1)


def stream(seconds: float) -> Iterator[bytes]:
    """Say something for so long, or until this process only finishes what it has."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not ending():
        yield b"."
        time.sleep(0.02)
    yield b"end"
