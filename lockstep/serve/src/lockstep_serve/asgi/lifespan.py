"""The service's `worker` around the application's own lifespan; an application without one is answered for here."""

import os
import sys
from typing import Any

from lockstep_serve import worker_life

__all__ = ["run"]

ENDS = frozenset({"lifespan.startup.failed", "lifespan.shutdown.complete", "lifespan.shutdown.failed"})


async def run(application: Any, scope: Any, receive: Any, send: Any) -> None:
    """One lifespan, as the server calls it once a process."""
    said: list[str] = []
    heard: list[Any] = []

    async def hear() -> Any:
        heard.append(await receive())
        return heard[-1]

    async def say(message: Any) -> None:
        said.append(message["type"])
        if message["type"] in ENDS:  # what follows may not run any more
            worker_life.end()
        await send(message)

    enter()
    try:
        await application(scope, hear, say)
    except Exception:
        if said:
            raise
    finally:
        if said:
            worker_life.end()
    if not said:
        await answer(heard, receive, say)


def enter() -> None:
    """Begin the worker, or end the process: servers take a failure out of a lifespan for an application without one."""
    try:
        worker_life.begin()
    except SystemExit as stop:
        sys.stdout.flush()
        os._exit(int(stop.code or 0))


async def answer(heard: list[Any], receive: Any, say: Any) -> None:
    """In place of an application that knows no lifespan."""
    if not heard:
        await receive()
    await say({"type": "lifespan.startup.complete"})
    await receive()
    await say({"type": "lifespan.shutdown.complete"})
