"""More paths while `prove` or `bench` runs: two wait as this kind of application waits, so that overlap and draining can be
seen; one blocks the event loop, so that the watch over it can be; one computes, on the loop too; one streams; one takes
a body; one describes the process; one is a WebSocket.
"""

import asyncio
import os
import time
from typing import Any

from lockstep_serve import ending
from lockstep_serve.surroundings import compute, describe

__all__ = ["Waiting"]


class Waiting:
    """The application with `GET /.lockstep/<token>/wait/<milliseconds>`, `…/block/…`, `…/compute/…`, `…/hold/<port>`,
    `…/stream/<milliseconds>`, `…/take/0`, `…/surroundings/0` and `…/socket/0` in front of it.
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
        if way == "stream":
            await stream(scope, receive, send, int(number) / 1000)
            return
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


async def stream(scope: Any, receive: Any, send: Any, seconds: float) -> None:
    """Say something for so long, or until this process only finishes what it has, or the client has left.

    Starlette listens for the latter only under servers whose `send` does not fail then, as the scope says it.
    """
    until = time.monotonic() + seconds
    await receive()
    fails = scope["asgi"].get("spec_version", "2.0") >= "2.4"
    left = asyncio.get_running_loop().create_future() if fails else asyncio.create_task(receive())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while time.monotonic() < until and not ending() and not left.done():
        await send({"type": "http.response.body", "body": b".", "more_body": True})
        await asyncio.sleep(0.02)
    left.cancel()
    await send({"type": "http.response.body", "body": b"end"})
