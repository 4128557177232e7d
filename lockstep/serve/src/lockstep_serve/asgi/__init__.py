"""What every request passes before the application sees it: its id, the limits, the metrics, and its line in the log.

One layer, because each one more costs every request. What a request without an error does not need is not made for it.
"""

import asyncio
import logging
import time
from typing import Any

from lockstep_serve import REQUEST_ID, draining
from lockstep_serve.access import HEADER, enter_request, join_values, log_request
from lockstep_serve.asgi import lifespan, loop_watch
from lockstep_serve.definition import Definition
from lockstep_serve.problems import APART, HEALTH, STOPPED, document, fields, log_full, warn_of_stop
from lockstep_serve.worker_life import count_request

__all__ = ["Layer"]

CODING = b"transfer-encoding"
LARGE = 1 << 16  # bytes that may not fit into the socket at once
FAREWELL_SECONDS = (0.7, 0.3)  # for what was stopped to come to its end, and for what that breaks off

log = logging.getLogger("lockstep.requests")


class Layer:
    """The application, and what stands around it; `running` are the tasks of requests and WebSockets, with what they do in
    the background, not connections that idle; some were `stopped` when the server cut any.
    """

    def __init__(self, application: Any, definition: Definition, meter: Any | None = None, *, watched: bool = True) -> None:
        self.application, self.definition, self.meter, self.watched = application, definition, meter, watched
        self.limit, self.most = definition.concurrency, definition.max_body_bytes
        self.running: dict[Any, tuple[Any, Answer, float] | None] = {}
        self.stopped = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, a WebSocket, or the lifespan with the worker around it."""
        if scope["type"] != "http":
            await (self.keep if scope["type"] == "websocket" else self.live)(scope, receive, send)
            return
        began = time.perf_counter()
        count_request()
        headers = dict(scope["headers"])
        said = join_values(scope) if HEADER in headers else None
        below = look_below(receive)
        answer = Answer(send, enter_request(said), below)
        meter = None if self.meter is None or scope["path"].startswith(APART) else self.meter
        if meter is not None:
            meter.begin()
        task = asyncio.current_task()
        self.running[task] = scope, answer, began
        try:
            if len(self.running) > self.limit or self.meter is not None or b"content-length" in headers or CODING in headers:
                await self.serve(scope, headers, receive, answer)
            else:  # as most are
                await self.application(scope, receive, answer.send)
        except asyncio.CancelledError:  # by whoever ends the process
            self.stopped = True
            warn_of_stop(scope["method"], scope["path"])
            if not answer.status:
                await answer.refuse(503, STOPPED)
        except (Exception, SystemExit):  # a handler's
            if not (answer.refused or has_left(below)):
                log.exception("unexpected error")  # not raised again: the server would log a second traceback
                if not answer.status:
                    await answer.refuse(500)
        finally:
            self.running.pop(task)
            seconds = (answer.ended or time.perf_counter()) - began
            refused = getattr(below, "refused", 0)  # by the server, for instance because the body is not valid
            status = refused or (0 if answer.unheard else answer.status)
            ended_by = "" if refused or answer.whole else "client" if has_left(below) else "server"
            log_request(scope["method"], scope["path"], status, seconds, answer.identity.decode(), ended_by)
            if meter is not None:
                meter.end(scope["method"], status, seconds)

    async def serve(self, scope: Any, headers: dict[bytes, bytes], receive: Any, answer: "Answer") -> None:
        """Refuse the request, or let it in."""
        path = scope["path"]
        if len(self.running) > self.limit and not path.startswith(HEALTH):
            log_full(len(self.running) - 1, "`concurrency`")
            await answer.refuse(503)
        elif self.meter is not None and path == "/metrics" and scope["method"] == "GET":
            kind, body = self.meter.exposition()
            await answer.send_whole(200, [("Content-Type", kind), ("Content-Length", str(len(body)))], body)
        elif CODING in headers:
            if (below := answer.below) is not None:
                below.answer = answer  # if the body is not valid, the server answers by itself
            counted = CountedBody(receive, answer, self.most)
            try:
                await self.application(scope, counted.receive, counted.send)
            finally:
                if below is not None:
                    below.answer = None
        elif (length := headers.get(b"content-length")) and length.isdigit() and int(length) > self.most:
            await answer.refuse(413)
        else:
            await self.application(scope, receive, answer.send)

    async def keep(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one WebSocket, which counts as a request for as long as it is open; none begins when the service drains."""
        from lockstep_serve.asgi.socket import Socket  # most services have none

        began = time.perf_counter()
        count_request()
        said = join_values(scope) if any(name == HEADER for name, _ in scope["headers"]) else None
        socket = Socket(scope, receive, send, enter_request(said))
        task = asyncio.current_task()
        self.running[task] = None
        try:
            if len(self.running) > self.limit:
                log_full(len(self.running) - 1, "`concurrency`")
                await socket.refuse(503)
            elif draining():
                await socket.refuse(503)
            else:
                await socket.serve(self.application)
        finally:
            self.running.pop(task)
            log_request("GET", scope["path"], socket.status, time.perf_counter() - began, socket.identity, socket.ended_by)

    async def live(self, scope: Any, receive: Any, send: Any) -> None:
        if self.watched:
            loop_watch.begin(asyncio.get_running_loop(), self.definition, self.tell_of_end)
            await lifespan.run(self.application, scope, receive, send, self.finish)
        else:
            await self.application(scope, receive, send)

    async def finish(self) -> bool:
        """Before the lifespan's end: stop what still runs, wait for its end, and say whether anything was stopped."""
        for task in self.running:
            if not task.cancelling():  # the server has done it; twice would break off what it does at its end
                task.cancel()
        for seconds in FAREWELL_SECONDS:
            if self.running:
                self.stopped = True
                _, late = await asyncio.wait(self.running, timeout=seconds)
                for task in late:
                    task.cancel()
        return self.stopped

    def tell_of_end(self) -> None:
        """The lines of what is in flight where the process ends at once; called in another thread."""
        for scope, answer, began in filter(None, list(self.running.values())):
            REQUEST_ID.set(identity := answer.identity.decode())
            warn_of_stop(scope["method"], scope["path"])
            seconds = (answer.ended or time.perf_counter()) - began
            log_request(scope["method"], scope["path"], answer.status, seconds, identity, "" if answer.whole else "server")


class Answer:
    """Sends what the application answers, with the request's id; `status` is 0 until the answer has begun. It is `unheard`
    when its client had left by then, as where a framework answers a body that ended too soon.
    """

    __slots__ = ("below", "ended", "give", "identity", "refused", "status", "unheard", "whole")

    def __init__(self, give: Any, identity: str, below: Any) -> None:
        self.give, self.identity, self.below = give, identity.encode(), below
        self.status, self.whole, self.refused, self.unheard, self.ended = 0, False, False, False, 0.0

    def send(self, message: Any) -> Any:
        """To be awaited as the server's own `send`; a coroutine of this function would be one more for each message."""
        kind = message["type"]
        if kind == "http.response.start":
            self.status, self.unheard = message["status"], has_left(self.below)
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != HEADER]
            headers.append((HEADER, self.identity))
            message = {**message, "headers": headers}
        elif kind == "http.response.body" and not message.get("more_body"):
            if len(message.get("body", b"")) > LARGE:
                return self.send_large(message)
            self.note_end()
        return self.give(message)

    async def send_large(self, message: Any) -> None:
        """The last of an answer, for which the server may wait until the client has taken some of it."""
        await self.give(message)
        self.note_end()

    def note_end(self) -> None:
        self.whole, self.ended = not has_left(self.below), time.perf_counter()

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


def look_below(receive: Any) -> Any:
    """What the server below knows of a request: uvicorn's cycle, gunicorn's protocol, or nothing."""
    owner = getattr(receive, "__self__", None)
    return getattr(owner, "protocol", owner)


def has_left(below: Any) -> bool:
    """Whether the client has gone: what uvicorn says, and what our protocol of gunicorn does."""
    return bool(getattr(below, "disconnected", False) or getattr(below, "left", False))
