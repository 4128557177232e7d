"""What stands in front of an application lets requests in, refuses them, and counts them."""

import asyncio
import io
from collections.abc import Iterable
from typing import Any

import pytest

from lockstep_serve.asgi.gate import Gate as AsgiGate
from lockstep_serve.asgi.measuring import Measured as AsgiMeasured
from lockstep_serve.definition import read_definition
from lockstep_serve.wsgi.gate import Gate as WsgiGate
from lockstep_serve.wsgi.measuring import Measured as WsgiMeasured
from services import DEFINITIONS

LIMITS = {"SERVER_CONCURRENCY": "2", "SERVER_MAX_BODY_BYTES": "10"}
ASGI = read_definition(DEFINITIONS / "uvicorn.toml", LIMITS)
WSGI = read_definition(DEFINITIONS / "gunicorn-sync.toml", LIMITS)
CHUNKED = (b"transfer-encoding", b"chunked")


class Asgi:
    """A gate, and an application behind it that waits until it may answer with the length of the body."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.gate = AsgiGate(self.answer, ASGI)
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

        await self.gate({"type": "http", "path": path, "headers": headers}, receive, send)
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


def test_web_sockets_pass() -> None:
    async def scenario() -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await Asgi().gate({"type": "websocket", "path": "/"}, None, send)
        return sent

    assert asyncio.run(scenario()) == [{"type": "websocket.accept"}]


def ask_wsgi(body: bytes, *, read: str = "read", handles: bool = False, **environ: str) -> tuple[str, bytes]:
    """Status and body of one request to an application that reads its body in one of the ways."""
    answered: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        data = environ["wsgi.input"]
        status = "200 OK"
        try:
            length = len(data.read()) if read == "read" else sum(map(len, data.readlines() if read == "readlines" else data))
        except OSError:
            if not handles:
                raise
            status, length = "500 Internal Server Error", 0
        start_response(status, [])
        return [str(length).encode()]

    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        answered.append(status)

    request = {"REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(body), **environ}
    text = b"".join(WsgiGate(application, WSGI)(request, start_response))
    return answered[-1], text


@pytest.mark.parametrize(("length", "status"), [("10", "200 OK"), ("11", "413 Content Too Large"), ("", "200 OK")])
def test_so_it_is_for_wsgi(length: str, status: str) -> None:
    assert ask_wsgi(b"", CONTENT_LENGTH=length)[0] == status


@pytest.mark.parametrize("read", ["read", "readlines", "iterate"])
@pytest.mark.parametrize(("body", "status"), [(b"12345\n7890", "200 OK"), (b"12345\n78901", "413 Content Too Large")])
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


def ask_measured_asgi(meter: Meter, path: str, application: Any) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def scenario() -> None:
        await AsgiMeasured(application, meter)({"type": "http", "path": path, "method": "GET"}, None, send)

    asyncio.run(scenario())
    return sent


def test_a_request_is_measured_and_the_metrics_are_a_path() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 201, "headers": []})

    meter = Meter()
    for path in ("/", "/health/live", "/.lockstep/secret/wait/1"):
        ask_measured_asgi(meter, path, application)
    exposed = ask_measured_asgi(meter, "/metrics", application)

    assert (meter.begun, meter.ended) == (1, [("GET", 201)])
    assert exposed[1]["body"] == b"requests 1\n"


def test_one_that_fails_is_measured_without_a_status() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError

    meter = Meter()
    with pytest.raises(LookupError):
        ask_measured_asgi(meter, "/", application)

    assert meter.ended == [("GET", 0)]


def test_for_wsgi_it_ends_when_the_server_closes_the_answer() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("201 Created", [])
        return iter([b"a", b"b"])

    meter = Meter()
    measured = WsgiMeasured(application, meter)
    answers = {
        path: measured({"REQUEST_METHOD": "GET", "PATH_INFO": path}, lambda *_: None)
        for path in ("/", "/health/live", "/metrics")
    }

    assert {path: b"".join(answer) for path, answer in answers.items()} == {
        "/": b"ab",
        "/health/live": b"ab",
        "/metrics": b"requests 1\n",
    }
    assert (meter.begun, meter.ended) == (1, [])
    answers["/"].close()  # type: ignore[attr-defined]  # servers do, where there is one
    assert meter.ended == [("GET", 201)]


def test_for_wsgi_one_that_fails_is_measured_without_a_status() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise LookupError

    meter = Meter()
    with pytest.raises(LookupError):
        WsgiMeasured(application, meter)({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, None)

    assert meter.ended == [("GET", 0)]
