"""The service's `worker` around the application's own lifespan; an application without one is answered for here."""

import logging
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from lockstep_serve.application import origin, readable_failure
from lockstep_serve.errors import Refusal
from lockstep_serve.worker_life import enter_worker, leave_worker

__all__ = ["run"]

log = logging.getLogger("lockstep.worker")

ENDS = frozenset({"lifespan.startup.failed", "lifespan.shutdown.complete", "lifespan.shutdown.failed"})


async def run(application: Any, scope: Any, receive: Any, send: Any, finish: Callable[[], Awaitable[bool]]) -> None:
    """One lifespan, as the server calls it once a process; `finish` ends the requests first, and says whether it stopped any."""
    sent: list[str] = []
    received: list[Any] = []
    stopped = False

    async def receive_and_note() -> Any:
        nonlocal stopped
        received.append(await receive())
        if received[-1]["type"] == "lifespan.shutdown":
            stopped = await finish()
        return received[-1]

    async def send_and_note(message: Any) -> None:
        sent.append(message["type"])
        if message["type"] in ENDS:  # what follows may not run any more
            leave_worker(stopped=stopped)
        await send(message)

    end_on_failure(enter_worker)
    try:
        await application(scope, receive_and_note, send_and_note)
    except Exception as error:
        if sent:
            raise
        end_on_failure(refuse_failed_start, error)
        log.info("the application knows no lifespan: %r", error)
    finally:
        if sent:
            leave_worker(stopped=stopped)
    if not sent:
        await answer(received, receive_and_note, send_and_note)


def refuse_failed_start(error: Exception) -> None:
    """An ASGI callable, which has the scope, may raise to say that it knows no lifespan. What is raised elsewhere, for
    instance where a framework builds its middleware, is a failure; raises SystemExit after a readable message.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or "scope" not in trace.tb_frame.f_locals:
        with readable_failure():
            where = [("lifespan", f"{type(error).__name__}: {error}"), *origin(error)]
            raise Refusal("The application cannot start.", where, "Mend it, then start again.") from error


def end_on_failure(act: Callable[..., None], *arguments: Any) -> None:
    """Do it, or end the process: servers take a failure out of a lifespan for an application without one."""
    try:
        act(*arguments)
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
