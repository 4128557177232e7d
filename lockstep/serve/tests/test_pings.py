"""A WebSocket on which nothing is said is pinged under each server, and one whose client does not answer is closed."""

import asyncio
import logging
from typing import Any

import pytest
import uvicorn

from lockstep_serve.definition import read_definition
from lockstep_serve.on_gunicorn import asgi_socket
from lockstep_serve.on_uvicorn import options
from services import DEFINITIONS

PING, CLOSE = b"\x89\x00", b"\x88"
HEADERS = [(b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ==")]


class Transport:
    """Keeps what is written, in pieces as they come."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed.set()

    def is_closing(self) -> bool:
        return self.closed.is_set()


@pytest.mark.parametrize("answers", [0, 3])
def test_gunicorns_is_pinged_as_long_as_its_client_answers(monkeypatch: pytest.MonkeyPatch, answers: int) -> None:
    monkeypatch.setattr(asgi_socket, "PING_SECONDS", 0.01)

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def scenario() -> list[bytes]:
        transport = Transport()
        socket = asgi_socket.Socket(transport, {"headers": HEADERS}, serve, logging.getLogger())
        left = answers

        def write(data: bytes) -> None:
            nonlocal left
            transport.written.append(data)
            if data == PING and left:
                left -= 1
                socket.feed_data(b"\x8a\x80\x00\x00\x00\x00")  # a pong, masked

        transport.write = write  # type: ignore[method-assign]
        running = asyncio.create_task(socket.run())
        await transport.closed.wait()
        socket.feed_eof()
        await running
        return transport.written

    written = asyncio.run(scenario())

    assert written.count(PING) == answers + 1
    assert written[-1].startswith(CLOSE)


def test_uvicorns_is_pinged_as_it_comes() -> None:
    config = uvicorn.Config("none", **options(read_definition(DEFINITIONS / "uvicorn.toml", {})))

    assert config.ws_ping_interval == config.ws_ping_timeout == asgi_socket.PING_SECONDS
