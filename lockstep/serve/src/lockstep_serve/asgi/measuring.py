"""Report each request to the service's meter, and answer `GET /metrics` by what it gives.

Questions after the service's health and metrics are not counted: they would be most of what an idle service does.
"""

import time
from typing import Any

__all__ = ["Measured"]

PATH = "/metrics"
APART = ("/health/", "/.lockstep/")


class Measured:
    """The application, and what it does is counted by `meter`."""

    def __init__(self, application: Any, meter: Any) -> None:
        self.application, self.meter = application, meter

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request; web sockets and the lifespan pass through."""
        if scope["type"] != "http" or scope["path"].startswith(APART):
            await self.application(scope, receive, send)
            return
        if scope["path"] == PATH and scope["method"] == "GET":
            await self.expose(send)
            return
        began, status = time.perf_counter(), 0  # stays so when nothing was answered

        async def answer(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self.meter.begin()
        try:
            await self.application(scope, receive, answer)
        finally:
            self.meter.end(scope["method"], status, time.perf_counter() - began)

    async def expose(self, send: Any) -> None:
        kind, body = self.meter.exposition()
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
