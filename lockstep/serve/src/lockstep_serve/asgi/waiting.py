"""While `prove` or `bench` runs, three more paths: one waits as this kind of application waits, so that overlap and
draining can be seen; one blocks the event loop, so that the watch over it can be; one computes, on the loop too.

Without LOCKSTEP_PROVE in the environment nothing is added, not even a layer.
"""

import asyncio
import os
import time
from typing import Any

__all__ = ["wrap"]


def wrap(application: Any) -> Any:
    """The application itself, or with `GET /.lockstep/<token>/wait/<milliseconds>`, `…/block/…`, `…/compute/…`."""
    token = os.environ.get("LOCKSTEP_PROVE")
    if not token:
        return application
    prefix = f"/.lockstep/{token}/"

    async def waiting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(prefix):
            await application(scope, receive, send)
            return
        way, _, milliseconds = scope["path"].removeprefix(prefix).partition("/")
        if way == "wait":
            await asyncio.sleep(int(milliseconds) / 1000)
        elif way == "compute":
            compute(int(milliseconds) / 1000)
        else:
            time.sleep(int(milliseconds) / 1000)  # noqa: ASYNC251 -- the fault that is planted here
        worker = str(os.getpid()).encode()
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"6"), (b"lockstep-worker", worker)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"waited"})

    return waiting


def compute(seconds: float) -> None:
    """Take that much of a processor, however long it has to share it."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(1000))
