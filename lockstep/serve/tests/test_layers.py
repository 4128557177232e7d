"""What stands around an application gives each request its id, lets it in or refuses it, counts it and logs it."""

import asyncio
import io
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import pytest

from lockstep_serve import UnreadableBody, request_id
from lockstep_serve.asgi import Layer as AsgiLayer
from lockstep_serve.definition import read_definition
from lockstep_serve.wsgi import Layer as WsgiLayer
from services import DEFINITIONS

LIMITS = {"SERVER_CONCURRENCY": "2", "SERVER_MAX_BODY_BYTES": "10"}
ASGI = read_definition(DEFINITIONS / "uvicorn.toml", LIMITS)
WSGI = read_definition(DEFINITIONS / "gunicorn-sync.toml", LIMITS)
TOO_LARGE = f"413 {HTTPStatus(413).phrase}"
CHUNKED = (b"transfer-encoding", b"chunked")


class Asgi:
    """A layer, and an application behind it that waits until it may answer with the length of the body."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.layer = AsgiLayer(self.answer, ASGI)
        self.disconnected = False

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.accept"})
            return
        await self.may_answer.wait()
        length, more = 0, True
        while more:
            message = await receive()
            self.disconnected = message["type"] == "http.disconnect"
            length, more = length + len(message.get("body", b"")), message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(length).encode()})

    async def ask(self, path: str = "/", *headers: tuple[bytes, bytes], chunks: Iterable[bytes] = ()) -> tuple[int, bytes, Any]:
        """Status, body and headers of one request."""
        parts = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        parts.append({"type": "http.request", "body": b""})
        sent: list[Any] = []

        async def receive() -> Any:
            return parts.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        await self.layer({"type": "http", "method": "POST", "path": path, "headers": headers}, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent), dict(sent[0]["headers"])


def test_one_request_too_many_is_refused_before_the_application_sees_it() -> None:
    async def scenario() -> None:
        service = Asgi()
        first = [asyncio.create_task(service.ask()) for _ in range(2)]
        await asyncio.sleep(0)
        status, body, headers = await service.ask()
        health = asyncio.create_task(service.ask("/health/ready"))
        await asyncio.sleep(0)
        service.may_answer.set()

        assert status == 503
        assert b"at its limit" in body
        assert headers[b"retry-after"] == b"1"
        assert headers[b"connection"] == b"close"
        assert [(await task)[0] for task in [*first, health]] == [200, 200, 200]
        assert (await service.ask())[0] == 200

    asyncio.run(scenario())


@pytest.mark.parametrize(("length", "status"), [(b"10", 200), (b"11", 413)])
def test_a_body_that_says_its_length_is_judged_by_it(length: bytes, status: int) -> None:
    async def scenario() -> int:
        service = Asgi()
        service.may_answer.set()
        return (await service.ask("/", (b"content-length", length)))[0]

    assert asyncio.run(scenario()) == status


@pytest.mark.parametrize(("chunks", "status"), [((b"12345", b"67890"), 200), ((b"12345", b"67890", b"1"), 413)])
def test_a_body_that_does_not_is_counted(chunks: tuple[bytes, ...], status: int) -> None:
    async def scenario() -> tuple[int, bool]:
        service = Asgi()
        service.may_answer.set()
        return (await service.ask("/", CHUNKED, chunks=chunks))[0], service.disconnected

    assert asyncio.run(scenario()) == (status, status == 413)


def test_a_web_socket_has_an_id_and_an_end() -> None:
    async def scenario() -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await Asgi().layer({"type": "websocket", "path": "/", "headers": [(b"x-request-id", b"abc")]}, None, send)
        return sent

    assert asyncio.run(scenario()) == [
        {"type": "websocket.accept", "headers": [(b"x-request-id", b"abc")]},
        {"type": "websocket.close", "code": 1000},
    ]


def ask_wsgi(body: bytes, *, read: str = "read", handles: bool = False, **environ: str) -> tuple[str, bytes]:
    """Status and body of one request to an application that reads its body in one of the ways."""
    answered: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        data = environ["wsgi.input"]
        status = "200 OK"
        try:
            length = len(data.read()) if read == "read" else sum(map(len, data.readlines() if read == "readlines" else data))
        except UnreadableBody:
            if not handles:
                raise
            status, length = "500 Internal Server Error", 0
        start_response(status, [])
        return [str(length).encode()]

    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        assert exc_info or not answered
        answered.append(status)

    request = {"REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(body), **environ}
    return join(WsgiLayer(application, WSGI)(request, start_response), answered)


def join(answer: Iterable[bytes], answered: list[str]) -> tuple[str, bytes]:
    """The answer, read and closed as servers do."""
    text = b"".join(answer)
    answer.close()  # type: ignore[attr-defined]  # there is one
    return answered[-1], text


@pytest.mark.parametrize(("length", "status"), [("10", "200 OK"), ("11", TOO_LARGE), ("", "200 OK")])
def test_so_it_is_for_wsgi(length: str, status: str) -> None:
    assert ask_wsgi(b"1234567890" if length else b"", CONTENT_LENGTH=length)[0] == status


@pytest.mark.parametrize("read", ["read", "readlines", "iterate"])
def test_a_body_that_ends_too_soon_does_not_pass_for_the_whole(read: str) -> None:
    assert ask_wsgi(b"12345\n789", read=read, CONTENT_LENGTH="10")[0] == "400 Bad Request"


@pytest.mark.parametrize("read", ["read", "readlines", "iterate"])
@pytest.mark.parametrize(("body", "status"), [(b"12345\n7890", "200 OK"), (b"12345\n78901", TOO_LARGE)])
@pytest.mark.parametrize("handles", [True, False], ids=["handled", "left to the server"])
def test_however_it_is_read(read: str, body: bytes, status: str, handles: bool) -> None:
    found, text = ask_wsgi(body, read=read, handles=handles, HTTP_TRANSFER_ENCODING="chunked")

    assert found == status
    assert status != "200 OK" or text == b"10"


class Meter:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended: list[tuple[str, int]] = []

    def begin(self) -> None:
        self.begun += 1

    def end(self, method: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.ended.append((method, status))

    def exposition(self) -> tuple[str, bytes]:
        return "text/plain", b"requests 1\n"


def ask_asgi(application: Any, path: str = "/", meter: Meter | None = None) -> list[Any]:
    """What was sent of one answer."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def scenario() -> None:
        await AsgiLayer(application, ASGI, meter)({"type": "http", "path": path, "method": "GET", "headers": []}, None, send)

    asyncio.run(scenario())
    return sent


def ask_layer(application: Any, path: str = "/", meter: Meter | None = None) -> tuple[str, bytes]:
    answered: list[str] = []
    layer = WsgiLayer(application, WSGI, meter)
    return join(layer({"REQUEST_METHOD": "GET", "PATH_INFO": path}, lambda status, *_: answered.append(status)), answered)


async def created(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"ab"})


def created_too(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("201 Created", [])
    return iter([b"a", b"b"])


def test_a_request_is_measured_and_the_metrics_are_a_path() -> None:
    meter = Meter()
    for path in ("/", "/health/live", "/.lockstep/secret/wait/1"):
        ask_asgi(created, path, meter)
    exposed = ask_asgi(created, "/metrics", meter)

    assert (meter.begun, meter.ended) == (1, [("GET", 201)])
    assert exposed[1]["body"] == b"requests 1\n"


def test_so_it_is_measured_for_wsgi() -> None:
    meter = Meter()
    answers = [ask_layer(created_too, path, meter)[1] for path in ("/", "/health/live", "/metrics")]

    assert answers == [b"ab", b"ab", b"requests 1\n"]
    assert (meter.begun, meter.ended) == (1, [("GET", 201)])


def test_for_wsgi_a_request_ends_when_the_server_closes_the_answer() -> None:
    meter = Meter()
    answer: Any = WsgiLayer(created_too, WSGI, meter)({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *_: None)
    assert next(iter(answer)) == b"a"
    assert meter.ended == []
    answer.close()

    assert meter.ended == [("GET", 201)]


async def fails(scope: Any, receive: Any, send: Any) -> None:
    raise LookupError("no stock")


def fails_too(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    raise LookupError("no stock")


def fails_late(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    yield from fails_too(environ, start_response)


def tracebacks(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The messages of what was logged as an error with its traceback."""
    return [record.message for record in caplog.records if record.levelno >= logging.ERROR and record.exc_info]


def test_an_exception_that_nobody_caught_is_answered_logged_once_and_measured(caplog: pytest.LogCaptureFixture) -> None:
    meter = Meter()
    sent = ask_asgi(fails, meter=meter)

    assert sent[0]["status"] == 500
    assert b"no stock" not in sent[1]["body"]
    assert meter.ended == [("GET", 500)]
    assert tracebacks(caplog) == ["unexpected error"]


@pytest.mark.parametrize("application", [fails_too, fails_late])
def test_so_it_is_answered_for_wsgi(application: Any, caplog: pytest.LogCaptureFixture) -> None:
    meter = Meter()
    status, body = ask_layer(application, meter=meter)

    assert status == "500 Internal Server Error"
    assert b"no stock" not in body
    assert meter.ended == [("GET", 500)]
    assert tracebacks(caplog) == ["unexpected error"]


class Cycle:
    """What the server below knows of a request whose client has gone."""

    disconnected = True

    async def receive(self) -> Any:
        return {"type": "http.disconnect"}


def test_what_an_application_raises_because_the_client_left_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    meter = Meter()
    asyncio.run(
        AsgiLayer(fails, ASGI, meter)({"type": "http", "path": "/", "method": "GET", "headers": []}, Cycle().receive, None)
    )

    assert meter.ended == [("GET", 0)]
    assert tracebacks(caplog) == []


def test_a_request_that_the_server_stops_is_answered_where_that_is_possible(caplog: pytest.LogCaptureFixture) -> None:
    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def scenario() -> None:
        scope = {"type": "http", "path": "/", "method": "GET", "headers": []}
        task = asyncio.create_task(AsgiLayer(waits, ASGI)(scope, None, send))
        await asyncio.sleep(0)
        task.cancel()
        await task

    asyncio.run(scenario())

    assert sent[0]["status"] == 503
    assert "was stopped by the server" in caplog.text


def test_the_id_of_a_request_is_known_while_it_is_served_and_no_longer() -> None:
    seen: list[str | None] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.append(request_id())
        return created_too(environ, start_response)

    ask_layer(application)

    assert seen[0] is not None
    assert len(seen[0]) == 32
    assert request_id() is None
