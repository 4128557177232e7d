"""What every request passes before the application sees it: its id, the limits, the metrics, and its line in the log.

One layer, because each one more costs every request. What a request without an error does not need is not made for it.
"""

import asyncio
import logging
import time
from typing import Any

from lockstep_serve.access import enter_request, log_request
from lockstep_serve.asgi import lifespan, loop_watch
from lockstep_serve.definition import Definition
from lockstep_serve.problems import APART, HEALTH, document, fields, log_full
from lockstep_serve.worker_life import count_request

__all__ = ["Layer"]

HEADER, CODING = b"x-request-id", b"transfer-encoding"
STOPPED = "The service stopped before it could answer."

log = logging.getLogger("lockstep.requests")


class Layer:
    """The application, and what stands around it; `in_flight` are requests of this process, not connections that idle."""

    def __init__(self, application: Any, definition: Definition, meter: Any | None = None, *, watched: bool = True) -> None:
        self.application, self.definition, self.meter, self.watched = application, definition, meter, watched
        self.limit, self.most = definition.concurrency, definition.max_body_bytes
        self.in_flight = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request; web sockets pass through, the lifespan with the worker around it."""
        if scope["type"] != "http":
            await self.pass_on(scope, receive, send)
            return
        began = time.perf_counter()
        count_request()
        headers = dict(scope["headers"])
        said = join_values(scope) if HEADER in headers else None
        answer = Answer(send, enter_request(said))
        below = look_below(receive)
        meter = None if self.meter is None or scope["path"].startswith(APART) else self.meter
        if meter is not None:
            meter.begin()
        self.in_flight += 1
        try:
            if self.in_flight > self.limit or self.meter is not None or b"content-length" in headers or CODING in headers:
                await self.serve(scope, headers, receive, answer)
            else:  # as most are
                await self.application(scope, receive, answer.send)
        except asyncio.CancelledError:
            if has_left(below):
                raise
            log.warning("%s %s was stopped by the server before its end", scope["method"], scope["path"])
            if not answer.status:
                await answer.refuse(503, STOPPED)
        except Exception:
            if not (answer.refused or has_left(below)):
                log.exception("unexpected error")  # not raised again: the server would log a second traceback
                if not answer.status:
                    await answer.refuse(500)
        finally:
            self.in_flight -= 1
            seconds = time.perf_counter() - began
            refused = getattr(below, "refused", 0)  # by the server, for instance because the body is not valid
            status = refused or answer.status
            ended_by = "" if refused else "client" if has_left(below) else "" if answer.whole else "server"
            log_request(scope["method"], scope["path"], status, seconds, answer.identity.decode(), ended_by)
            if meter is not None:
                meter.end(scope["method"], status, seconds)

    async def serve(self, scope: Any, headers: dict[bytes, bytes], receive: Any, answer: "Answer") -> None:
        """Refuse the request, or let it in."""
        path = scope["path"]
        if self.in_flight > self.limit and not path.startswith(HEALTH):
            log_full(self.in_flight - 1, "`concurrency`")
            await answer.refuse(503)
        elif self.meter is not None and path == "/metrics" and scope["method"] == "GET":
            kind, body = self.meter.exposition()
            await answer.send_whole(200, [("Content-Type", kind), ("Content-Length", str(len(body)))], body)
        elif CODING in headers:
            if (below := look_below(receive)) is not None:
                below.identity = answer.identity.decode()  # if the body is not valid, the server answers by itself
            counted = CountedBody(receive, answer, self.most)
            await self.application(scope, counted.receive, counted.send)
        elif (length := headers.get(b"content-length")) and length.isdigit() and int(length) > self.most:
            await answer.refuse(413)
        else:
            await self.application(scope, receive, answer.send)

    async def pass_on(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" and self.watched:
            loop_watch.begin(asyncio.get_running_loop(), self.definition)
            await lifespan.run(self.application, scope, receive, send)
        else:
            await self.application(scope, receive, send)


class Answer:
    """Sends what the application answers, with the request's id; `status` is 0 until the answer has begun."""

    __slots__ = ("give", "identity", "refused", "status", "whole")

    def __init__(self, give: Any, identity: str) -> None:
        self.give, self.identity = give, identity.encode()
        self.status, self.whole, self.refused = 0, False, False

    def send(self, message: Any) -> Any:
        """To be awaited as the server's own `send`; a coroutine of this function would be one more for each message."""
        kind = message["type"]
        if kind == "http.response.start":
            self.status = message["status"]
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != HEADER]
            headers.append((HEADER, self.identity))
            message = {**message, "headers": headers}
        elif kind == "http.response.body" and not message.get("more_body"):
            self.whole = True
        return self.give(message)

    async def send_whole(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
        await self.send({"type": "http.response.start", "status": status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": body})

    async def refuse(self, status: int, detail: str = "") -> None:
        """A problem document that ends the connection, whose body is not read."""
        self.refused = True
        body = document(status, self.identity.decode(), detail)
        await self.send_whole(status, [*fields(status, body), ("Connection", "close")], body)


class CountedBody:
    """A body of unknown length: past the limit the client is answered, and the application sees it gone."""

    def __init__(self, receive: Any, answer: Answer, most: int) -> None:
        self.take, self.answer, self.left = receive, answer, most

    async def receive(self) -> Any:
        if self.left < 0:
            return {"type": "http.disconnect"}
        message = await self.take()
        self.left -= len(message.get("body", b""))
        if self.left >= 0:
            return message
        if not self.answer.status:
            await self.answer.refuse(413)
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.left >= 0:
            await self.answer.send(message)


def join_values(scope: Any) -> str:
    """What the request's X-Request-ID says; two of them are joined, which makes them unusable."""
    return b",".join(value for name, value in scope["headers"] if name == HEADER).decode("latin-1")


def look_below(receive: Any) -> Any:
    """What the server below knows of a request: uvicorn's cycle, gunicorn's protocol, or nothing."""
    owner = getattr(receive, "__self__", None)
    return getattr(owner, "protocol", owner)


def has_left(below: Any) -> bool:
    """Whether the client has gone: what uvicorn says, and what our protocol of gunicorn does."""
    return bool(getattr(below, "disconnected", False) or getattr(below, "left", False))
