"""The service's `worker` around the application's own lifespan; an application without one is answered for here."""

import os
import sys
from typing import Any

from lockstep_serve.worker_life import enter_worker, leave_worker

__all__ = ["run"]

ENDS = frozenset({"lifespan.startup.failed", "lifespan.shutdown.complete", "lifespan.shutdown.failed"})


async def run(application: Any, scope: Any, receive: Any, send: Any) -> None:
    """One lifespan, as the server calls it once a process."""
    sent: list[str] = []
    received: list[Any] = []

    async def receive_and_note() -> Any:
        received.append(await receive())
        return received[-1]

    async def send_and_note(message: Any) -> None:
        sent.append(message["type"])
        if message["type"] in ENDS:  # what follows may not run any more
            leave_worker()
        await send(message)

    enter()
    try:
        await application(scope, receive_and_note, send_and_note)
    except Exception:
        if sent:
            raise
    finally:
        if sent:
            leave_worker()
    if not sent:
        await answer(received, receive, send_and_note)


def enter() -> None:
    """Enter the worker, or end the process: servers take a failure out of a lifespan for an application without one."""
    try:
        enter_worker()
    except SystemExit as stop:
        sys.stdout.flush()
        os._exit(int(stop.code or 0))


async def answer(received: list[Any], receive: Any, send: Any) -> None:
    """In place of an application that knows no lifespan."""
    if not received:
        await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
