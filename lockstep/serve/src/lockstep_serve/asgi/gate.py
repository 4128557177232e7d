"""Before the application sees a request: are there too many in flight, is its body small enough, has this worker served
its share.

Health is always let in: a process that is full is not one to restart.
"""

import asyncio
import json
import logging
import time
from typing import Any

from lockstep_serve.asgi import lifespan, loop_watch
from lockstep_serve.definition import Definition
from lockstep_serve.worker_life import count_request

__all__ = ["Gate"]

log = logging.getLogger("lockstep.gate")

HEALTH = "/health/"
FULL = (503, "Service Unavailable", "The service is at its limit; try again in a moment.")
TOO_LARGE = (413, "Content Too Large", "The request's body is larger than this service takes.")


class Gate:
    """Counts requests in flight in this process; connections that idle are not counted."""

    def __init__(self, application: Any, definition: Definition) -> None:
        self.application, self.definition = application, definition
        self.limit, self.most = definition.concurrency, definition.max_body_bytes
        self.in_flight, self.silent_until = 0, 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request; web sockets pass through, the lifespan with the worker around it."""
        if scope["type"] == "lifespan":
            loop_watch.begin(asyncio.get_running_loop(), self.definition)
            await lifespan.run(self.application, scope, receive, send)
            return
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        count_request()
        if self.in_flight >= self.limit and not scope["path"].startswith(HEALTH):
            self.log_full()
            await refuse(send, *FULL)
            return
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > self.most:
                await refuse(send, *TOO_LARGE)
                return
            if name == b"transfer-encoding":
                body = CountedBody(receive, send, self.most)
                receive, send = body.receive, body.send
        self.in_flight += 1
        try:
            await self.application(scope, receive, send)
        finally:
            self.in_flight -= 1

    def log_full(self) -> None:
        """One line a second at most: who is overloaded does not want to write more."""
        if time.monotonic() >= self.silent_until:
            self.silent_until = time.monotonic() + 1
            log.warning("refusing requests: %d are in flight, the limit is `concurrency`", self.in_flight)


class CountedBody:
    """A body of unknown length: past the limit the client is answered, and the application sees it gone."""

    def __init__(self, receive: Any, send: Any, most: int) -> None:
        self.take, self.give, self.left = receive, send, most
        self.begun = self.refused = False

    async def receive(self) -> Any:
        if self.refused:
            return {"type": "http.disconnect"}
        message = await self.take()
        self.left -= len(message.get("body", b""))
        if self.left >= 0:
            return message
        self.refused = True
        if not self.begun:
            await refuse(self.give, *TOO_LARGE)
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.begun = True
        if not self.refused:
            await self.give(message)


async def refuse(send: Any, status: int, title: str, detail: str) -> None:
    """A problem document (RFC 9457) that ends the connection, whose body is not read."""
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *([(b"retry-after", b"1")] if status == 503 else []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
