# Lockstep's: prove's own endpoint, for ASGI applications. Change it by `copier update`, not by hand.
"""While `prove` runs, one more path: it waits as this kind of application waits, so that overlap and draining can be
seen.

Without LOCKSTEP_PROVE in the environment nothing is added, not even a layer.
"""

import asyncio
import os
from typing import Any

__all__ = ["wrap"]


def wrap(application: Any) -> Any:
    """The application itself, or with `GET /.lockstep/<token>/wait/<milliseconds>` in front of it."""
    token = os.environ.get("LOCKSTEP_PROVE")
    if not token:
        return application
    prefix = f"/.lockstep/{token}/wait/"

    async def waiting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(prefix):
            await application(scope, receive, send)
            return
        await asyncio.sleep(int(scope["path"].removeprefix(prefix)) / 1000)
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"6")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"waited"})

    return waiting
