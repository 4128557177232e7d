"""Around every request: give it an id, catch what nobody caught, log its one line."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import errors, logs, request_id

__all__ = ["Requests"]

HEADER = request_id.HEADER.lower().encode()


class Requests:
    """Plain ASGI middleware.

    starlette's BaseHTTPMiddleware would cost a task a request and hide context variables.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; the lifespan and web sockets pass through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        identity = request_id.accept(said(scope)).encode()
        status = 0  # stays so when nothing was answered, for instance because the server stopped

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != HEADER]
                message = {**message, "headers": [*headers, (HEADER, identity)]}
            await send(message)

        try:
            await self.app(head_as_get(scope), receive, answer)
        except Exception:
            # Not raised again: the server would log a second traceback. When the answer has begun,
            # the server sees that it is incomplete and closes the connection.
            response = errors.unexpected()
            if not status:
                await response(scope, receive, answer)
        finally:
            logs.access(scope["method"], scope["path"], status, started)


def said(scope: Scope) -> str:
    """What the request's X-Request-ID says; two headers are joined, which makes them unusable."""
    return b",".join(value for name, value in scope["headers"] if name == HEADER).decode("latin-1")


def head_as_get(scope: Scope) -> Scope:
    """Let GET endpoints answer HEAD, which FastAPI refuses; the server leaves the body out."""
    return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
