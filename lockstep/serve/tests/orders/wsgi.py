"""The service for models without an event loop."""

import json
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from lockstep_serve import UnreadableBody, draining, ending, identity

from .hello import GREETING
from .report import loaded_modules
from .worker import go_on, note, wait_for

__all__ = ["create_app"]


def create_app() -> Any:
    """The application."""
    return answer


def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """One request."""
    path = environ["PATH_INFO"]
    if path in ("/stream", "/events"):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return stream(ends=path == "/events")
    if path == "/flood":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return flood()
    if path.startswith("/closing/"):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
        return Closing(int(path.removeprefix("/closing/")))
    if path.startswith("/first/"):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return wait_before(int(path.removeprefix("/first/")))
    if path == "/early":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return read_late(environ["wsgi.input"])
    status, text = "200 OK", ""
    if path.startswith("/hello/"):
        text = f"{GREETING}, {path.removeprefix('/hello/')}!"
    elif path == "/health/ready":
        status, text = ("503 Service Unavailable", "draining") if draining() else ("200 OK", "ready")
    elif path == "/version":
        text = identity().environment
    elif path == "/large":
        text = "x" * (20 << 20)
    elif path == "/modules":
        text = json.dumps(loaded_modules())
    elif path == "/said":
        headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        said = {"client": environ["REMOTE_ADDR"], "scheme": environ["wsgi.url_scheme"], "root": environ["SCRIPT_NAME"]}
        text = json.dumps({**said, "headers": headers})
    elif path == "/body":
        text = str(len(environ["wsgi.input"].read()))
    elif path == "/caught":
        try:
            text = str(len(environ["wsgi.input"].read()))
        except UnreadableBody:  # as Flask's error handlers do
            status, text = "400 Bad Request", "not read"
    elif path in ("/failing", "/exiting"):
        start_response("200 OK", [("Content-Type", "text/csv"), ("Content-Length", "5000")])
        return fail_at_once(LookupError("nothing to say") if path == "/failing" else SystemExit("a handler's own"))
    elif path.startswith("/own/"):
        threading.Thread(target=go_on, args=[int(path.removeprefix("/own/"))], name="own", daemon=False).start()
        text = "begun"
    elif path.startswith("/finally/"):
        try:
            wait_for(int(path.removeprefix("/finally/")))
        finally:
            note("finally")
    elif path == "/exit":
        sys.exit("a handler's own")
    elif path == "/hang":
        time.sleep(60)
    else:
        status, text = "404 Not Found", "not here"
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(text.encode())))])
    return [text.encode()]


def stream(*, ends: bool) -> Iterator[bytes]:
    """An answer that never ends, or when the process is to end."""
    while not (ends and ending()):
        yield b"."
        time.sleep(0.05)
    yield b"bye"


def flood() -> Iterator[bytes]:
    """More than any client takes."""
    while True:
        yield b"x" * (1 << 20)


class Closing(list[bytes]):
    """A whole answer, after which there is something to do."""

    def __init__(self, port: int) -> None:
        super().__init__([b"now"])
        self.port = port

    def close(self) -> None:
        wait_for(self.port)


def wait_before(port: int) -> Iterator[bytes]:
    """An answer whose first part takes its time."""
    wait_for(port)
    yield b"first"


def read_late(body: Any) -> Iterator[bytes]:
    """An answer that begins before its request is read."""
    yield b"first"
    yield str(len(body.read())).encode()


def fail_at_once(error: BaseException) -> Iterator[bytes]:
    """An answer whose length is announced, and which never comes."""
    yield from ()
    raise error
