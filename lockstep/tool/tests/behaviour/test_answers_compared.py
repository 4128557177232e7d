"""How a service is asked, and how answers are compared."""

import itertools
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lockstep_tool.environments.asking import UNKNOWN, ask, ask_paths
from lockstep_tool.environments.differences import find_differences, find_unsteady

COUNT = itertools.count()


class Service(BaseHTTPRequestHandler):
    """Echoes the address and the request id that it was asked with, and counts at one path."""

    def do_GET(self) -> None:
        if self.path == "/breaks":
            return
        body = {"/count": str(next(COUNT)), "/": f"{self.headers['Host']} {self.headers['X-Request-ID']}"}.get(self.path, "")
        self.send_response(200 if body else 404)
        self.send_header("ETag", f'"{next(COUNT)}"')
        self.send_header("Last-Modified", self.date_time_string())
        for name, value in (("Set-Cookie", "b=1"), ("set-cookie", "a=1"), ("X-Request-ID", body), ("Content-Type", "text/plain")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_what_belongs_to_the_moment_or_the_connection_is_left_out(port: int) -> None:
    answer = ask(port, "/")

    assert answer["headers"] == {"content-type": "text/plain", "set-cookie": "a=1, b=1"}
    assert answer["text"] == "localhost lockstep-behaviour"


def test_a_part_that_is_another_one_when_asked_again_is_unsteady(port: int) -> None:
    found = ask_paths(port, ["/", "/count"])

    assert list(found) == ["/", "/count", UNKNOWN]
    assert list(find_unsteady(found)) == ["GET /count: body"]


def test_an_answer_that_breaks_off_is_no_answer(port: int) -> None:
    assert ask(port, "/breaks")["status"] == 0


GOOD: dict[str, object] = {
    "status": 200,
    "headers": {"vary": "a"},
    "body": "1",
    "size": 40,
    "text": "x" * 30 + "one",
    "unsteady": [],
}
OTHERWISE: dict[str, tuple[dict[str, object], list[str]]] = {
    "nothing": ({}, []),
    "a status": ({"status": 500, "headers": {}, "body": "2"}, ["GET /: status 500 (laptop: 200)"]),
    "no answer": ({"status": 0, "text": "TimeoutError"}, ["GET /: status none, TimeoutError (laptop: 200)"]),
    "a header less": ({"headers": {}}, ["GET /: header vary none (laptop: 'a')"]),
    "a header more": ({"headers": {"vary": "a", "x": ""}}, ["GET /: header x '' (laptop: none)"]),
    "a body's end": (
        {"body": "2", "text": "x" * 30 + "two"},
        [f"GET /: body of 40 bytes, …{'x' * 16 + 'two'!r} (laptop: of 40 bytes, …{'x' * 16 + 'one'!r})"],
    ),
    "far down in a body": ({"body": "2", "size": 41}, ["GET /: body of 41 bytes (laptop: of 40 bytes)"]),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_a_difference_is_named_by_its_request_and_its_part(what: str) -> None:
    other, described = OTHERWISE[what]

    assert [found.describe("laptop") for found in find_differences({"/": GOOD}, {"/": {**GOOD, **other}})] == described
