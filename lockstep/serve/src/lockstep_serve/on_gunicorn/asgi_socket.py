"""gunicorn's WebSocket with what uvicorn's has: it looks whether its client is still there, and can refuse with an answer."""

import asyncio
from http import HTTPStatus
from typing import Any

from gunicorn.asgi import websocket  # type: ignore[import-untyped]  # gunicorn has no types

__all__ = ["PING_SECONDS", "Socket"]

PING_SECONDS = 20.0  # uvicorn's own
FAREWELL_SECONDS = 1.0  # for the other side to answer a close; gunicorn waits 5 s, also for one that has gone


class Socket(websocket.WebSocketProtocol):  # type: ignore[misc]  # untyped, see above
    """`heard` is whether something came since the last ping."""

    heard, refusal = True, b""
    pinging: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            await super().run()
        finally:
            if self.pinging is not None:
                self.pinging.cancel()

    async def _send_accept(self, message: Any) -> None:
        if self.transport.is_closing():
            raise BrokenPipeError("the client has gone")
        await super()._send_accept(message)
        self.pinging = asyncio.create_task(self.ping())

    async def ping(self) -> None:
        await asyncio.sleep(PING_SECONDS)
        while self.heard:
            self.heard = False
            await self._send_frame(websocket.OPCODE_PING, b"")
            await asyncio.sleep(PING_SECONDS)
        await self._send_close(websocket.CLOSE_INTERNAL_ERROR, "keepalive ping timeout")
        self.transport.close()

    def _unmask(self, payload: bytes, masking_key: bytes) -> bytes:
        """gunicorn takes each byte by itself, and holds the loop for a second where a message has 10 MB."""
        size = len(payload)
        mask = (masking_key * (size // 4 + 1))[:size]
        return (int.from_bytes(payload) ^ int.from_bytes(mask)).to_bytes(size)

    def feed_data(self, data: bytes) -> None:
        self.heard = True
        super().feed_data(data)

    def feed_eof(self) -> None:
        super().feed_eof()
        self._close_event.set()

    async def _send_close(self, *what: Any) -> None:
        await super()._send_close(*what)
        asyncio.get_running_loop().call_later(FAREWELL_SECONDS, self._close_event.set)

    async def _send(self, message: Any) -> None:
        """Also the extension `websocket.http.response`: an answer in place of the handshake."""
        kind = message["type"]
        if kind == "websocket.http.response.start":
            head = b"".join(b"%s: %s\r\n" % (name, value) for name, value in message.get("headers", ()))
            status = message["status"]
            self.refusal = b"HTTP/1.1 %d %s\r\n%s\r\n" % (status, HTTPStatus(status).phrase.encode(), head)
        elif kind == "websocket.http.response.body":
            self.refusal += message.get("body", b"")
            if not message.get("more_body"):
                self._denied = self.closed = True
                self._close_event.set()
                self.transport.write(self.refusal)
                self.transport.close()
        else:
            await super()._send(message)
