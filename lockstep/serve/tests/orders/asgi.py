"""The service for models with an event loop."""

import asyncio
import json
import sys
import threading
import time
from typing import Any

from lockstep_serve import draining, identity, until_ending

from .hello import GREETING
from .report import loaded_modules
from .worker import go_on, keep_files, note, wait_for

__all__ = ["create_app"]


def create_app() -> Any:
    """The application; it knows no lifespan."""
    return answer


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """One request."""
    if scope["type"] == "websocket":
        await talk(scope, receive, send)
        return
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
    elif path == "/large":
        await say(send, "x" * (20 << 20))
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
        await stream(scope, receive, send)
    elif path.startswith("/later/"):
        await say(send, "now")
        await note_when_let_go(int(path.removeprefix("/later/")))
    elif path.startswith("/slowly/"):
        try:
            await note_when_let_go(int(path.removeprefix("/slowly/")))
        finally:
            await asyncio.sleep(600)
    elif path.startswith("/finally/"):
        try:
            await note_when_let_go(int(path.removeprefix("/finally/")))
        finally:
            await asyncio.sleep(0)
            note("finally")
    elif path.startswith("/own/"):
        threading.Thread(target=go_on, args=[int(path.removeprefix("/own/"))], name="own", daemon=False).start()
        await say(send, "begun")
    elif path == "/early":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        if await body_length(receive) is None:
            raise LookupError("the body has no end")
        await send({"type": "http.response.body", "body": b"last"})
    elif path.startswith("/thread/"):
        await asyncio.to_thread(wait_for, int(path.removeprefix("/thread/")))
    elif path == "/files":
        keep_files()
        await say(send, "kept")
    elif path == "/exit":
        sys.exit("a handler's own")
    elif path == "/events":
        await stream(scope, receive, send, ends=True)
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


async def talk(scope: Any, receive: Any, send: Any) -> None:
    """A WebSocket: `/echo` answers, `/push` only sends, `/wait` takes its time, every other path is refused."""
    await receive()
    if scope["path"].startswith("/wait/"):
        await asyncio.to_thread(wait_for, int(scope["path"].removeprefix("/wait/")))
        await send({"type": "websocket.accept"})
        return
    if scope["path"] not in ("/echo", "/push"):
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    while scope["path"] == "/push":
        await send({"type": "websocket.send", "text": "tick"})
        await asyncio.sleep(0.05)
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})
        if message["text"] == "fail":
            raise LookupError("as it was told")


async def note_when_let_go(port: int) -> None:
    """Note it when whoever listens on that port of this machine ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.read(1)
    writer.close()
    note("done")


async def stream(scope: Any, receive: Any, send: Any, *, ends: bool = False) -> None:
    """An answer that ends when its client leaves, as frameworks have it; or also when the process is to end.

    Starlette listens for a client that leaves only under servers whose `send` does not fail then, as the scope says it.
    """
    await receive()
    fails = scope["asgi"].get("spec_version", "2.0") >= "2.4"
    left: asyncio.Future[Any] = asyncio.Future() if fails else asyncio.create_task(receive())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    over = asyncio.create_task(until_ending()) if ends else left
    while not left.done() and not over.done():
        await send({"type": "http.response.body", "body": b".", "more_body": True})
        await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": b"bye"})
