"""More paths while `prove` or `bench` runs: two wait as this kind of application waits, so that overlap and draining can be
seen; one blocks the event loop, so that the watch over it can be; one computes, on the loop too; one takes a body; one
describes the process; one is a WebSocket.
"""

import asyncio
import os
import time
from typing import Any

from lockstep_serve.surroundings import describe

__all__ = ["Waiting"]


class Waiting:
    """The application with `GET /.lockstep/<token>/wait/<milliseconds>`, `…/block/…`, `…/compute/…`, `…/hold/<port>`,
    `…/take/0`, `…/surroundings/0` and `…/socket/0` in front of it.
    """

    def __init__(self, application: Any, token: str) -> None:
        self.application, self.prefix = application, f"/.lockstep/{token}/"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer such a path, after its time; everything else goes to the application."""
        if scope["type"] == "lifespan" or not scope["path"].startswith(self.prefix):
            await self.application(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            while (await receive())["type"] != "websocket.disconnect":
                pass
            return
        way, _, number = scope["path"].removeprefix(self.prefix).partition("/")
        if way == "wait":
            await asyncio.sleep(int(number) / 1000)
        elif way == "hold":
            await hold(int(number))
        elif way == "take":
            while (await receive()).get("more_body"):
                pass
        elif way == "compute":
            compute(int(number) / 1000)
        elif way == "block":
            time.sleep(int(number) / 1000)  # noqa: ASYNC251 -- the fault that is planted here
        body = (describe() if way == "surroundings" else "waited").encode()
        size, worker = str(len(body)).encode(), str(os.getpid()).encode()
        headers = [(b"content-type", b"text/plain"), (b"content-length", size), (b"lockstep-worker", worker)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def hold(port: int) -> None:
    """Wait until whoever listens on that port of this machine ends the connection: it knows what is in flight."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.read(1)
    writer.close()


def compute(seconds: float) -> None:
    """Take that much of a processor, however long it has to share it."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(1000))
