"""A WebSocket: its id, its refusal, how it ended, and its close within the lead. And the end of the process, to be awaited."""

import asyncio
import logging
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from lockstep_serve import ending
from lockstep_serve.problems import document, fields

__all__ = ["Socket", "await_ending"]

LOOK_SECONDS = 0.1
NORMAL, FAILED, RESTART = 1000, 1011, 1012  # close codes of RFC 6455 and its registry

log = logging.getLogger("lockstep.requests")
_events: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Event] = WeakKeyDictionary()


async def await_ending() -> None:
    """Return when this process finishes what it has; one timer of the loop looks, for all who wait."""
    loop = asyncio.get_running_loop()
    event = _events.get(loop)
    if event is None:
        event = _events[loop] = asyncio.Event()
        look(loop, event)
    await event.wait()


def look(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if ending():
        event.set()
    else:
        loop.call_later(LOOK_SECONDS, look, loop, event)


class Socket:
    """The messages of one WebSocket; `status` is the answer to its handshake, 0 before it; `over` is after a close."""

    def __init__(self, scope: Any, receive: Any, send: Any, identity: str) -> None:
        self.scope, self.take, self.give, self.identity = scope, receive, send, identity
        self.status, self.ended_by, self.over = 0, "", False

    async def serve(self, application: Any) -> None:
        """Have the application serve it; what it leaves open is closed, what it never accepted is refused."""
        code, status = NORMAL, 403
        closing = asyncio.create_task(self.close_at_end())
        try:
            await application(self.scope, self.receive, self.send)
        except asyncio.CancelledError:  # by whoever ends the process
            log.warning("WebSocket %s was stopped by the server before its end", self.scope["path"])
            code, status, self.ended_by = RESTART, 503, "server"
        except Exception as error:
            if not (self.over and (isinstance(error, OSError) or type(error).__name__ == "WebSocketDisconnect")):
                log.exception("unexpected error")  # else it only says that the other side has gone: Starlette's by its name
            code, status = FAILED, 500
        finally:
            closing.cancel()
        if not self.status:
            await self.refuse(status)
        elif not self.over:
            await self.close(code)

    async def receive(self) -> Any:
        message = await self.take()
        if message["type"] == "websocket.disconnect" and not self.over:
            self.over, self.ended_by = True, "server" if message.get("code") == RESTART else "client"
        return message

    async def send(self, message: Any) -> None:
        kind = message["type"]
        if self.over and kind != "websocket.http.response.body":
            raise BrokenPipeError("the WebSocket is closed")  # as ASGI has it
        if kind == "websocket.close" and not self.status:
            await self.refuse(403)
            return
        if kind in {"websocket.accept", "websocket.http.response.start"}:
            self.status = message.get("status", 101)
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"x-request-id"]
            message = {**message, "headers": [*headers, (b"x-request-id", self.identity.encode())]}
        self.over = self.over or kind not in {"websocket.accept", "websocket.send"}
        try:
            await self.give(message)
        except OSError:  # the client has gone
            self.over, self.ended_by = True, self.ended_by or "client"
            self.status = 0 if kind == "websocket.accept" else self.status
            raise

    async def close_at_end(self) -> None:
        await await_ending()
        if not self.status:
            await self.refuse(503)
        elif not self.over:
            self.ended_by = "server"
            await self.close(RESTART)

    async def close(self, code: int) -> None:
        self.over = True
        with suppress(OSError, RuntimeError):  # servers raise either where the client has gone
            await self.give({"type": "websocket.close", "code": code})

    async def refuse(self, status: int) -> None:
        """A problem document in place of the handshake."""
        body = document(status, self.identity)
        pairs = [*fields(status, body), ("Connection", "close")]
        headers = [(name.lower().encode(), value.encode()) for name, value in pairs]
        with suppress(OSError, RuntimeError):
            await self.send({"type": "websocket.http.response.start", "status": status, "headers": headers})
            await self.send({"type": "websocket.http.response.body", "body": body})
