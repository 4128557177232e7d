"""The service for models with an event loop."""

import asyncio
import json
import time
from typing import Any

from lockstep_serve import draining, identity

from .hello import GREETING
from .report import loaded_modules

__all__ = ["create_app"]


def create_app() -> Any:
    """The application; it knows no lifespan."""
    return answer


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """One request."""
    if scope["type"] != "http":
        raise RuntimeError("only HTTP")
    root = scope.get("root_path", "")
    path = scope["path"].removeprefix(root)
    if path.startswith("/hello/"):
        await say(send, f"{GREETING}, {path.removeprefix('/hello/')}!")
    elif path == "/health/ready":
        await say(send, "draining" if draining() else "ready", 503 if draining() else 200)
    elif path == "/version":
        await say(send, identity().environment)
    elif path == "/modules":
        await say(send, json.dumps(loaded_modules()))
    elif path == "/said":
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        client = scope["client"][0] if scope["client"] else ""
        await say(send, json.dumps({"client": client, "scheme": scope["scheme"], "headers": headers, "root": root}))
    elif path == "/body":
        if (length := await body_length(receive)) is not None:
            await say(send, str(length))
    elif path == "/stream":
        await stream(receive, send)
    elif path == "/hang":
        time.sleep(60)  # noqa: ASYNC251 -- the fault that is planted here
    else:
        await say(send, "not here", 404)


async def body_length(receive: Any) -> int | None:
    """Bytes of the request's body; None when the client went away."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    return length


async def say(send: Any, text: str, status: int = 200) -> None:
    """A whole answer."""
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(text.encode())).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


async def stream(receive: Any, send: Any) -> None:
    """An answer that ends when its client leaves, as frameworks have it."""
    await receive()
    left = asyncio.create_task(receive())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while not left.done():
        await send({"type": "http.response.body", "body": b".", "more_body": True})
        await asyncio.sleep(0.05)
