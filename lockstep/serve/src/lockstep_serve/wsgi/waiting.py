"""More paths while `prove` or `bench` runs: two wait as this kind of application waits, so that overlap and draining can be
seen; one computes; one takes a body; one describes the process.
"""

import os
import socket
import time
from collections.abc import Iterable
from typing import Any

from lockstep_serve.surroundings import describe

__all__ = ["Waiting"]


class Waiting:
    """The application with `GET /.lockstep/<token>/wait/<milliseconds>`, `…/compute/…`, `…/hold/<port>`,
    `…/take/0` and `…/surroundings/0` in front of it.
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


def compute(seconds: float) -> None:
    """Take that much of a processor, however long it has to share it."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(1000))
