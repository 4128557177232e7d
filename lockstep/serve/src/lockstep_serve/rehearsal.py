"""Start the application in a throw-away process, as far as its first request, so that a broken deploy changes nothing."""

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from lockstep_serve.application import build, in_force, readable_failure, start_logging
from lockstep_serve.errors import Refusal
from lockstep_serve.models import Model
from lockstep_serve.runtime import SETTINGS
from lockstep_serve.worker_life import enter_worker, leave_worker

__all__ = ["rehearse", "rehearse_apart", "unfit"]

SECONDS = 60
LOOK_SECONDS = 0.1


def rehearse() -> None:
    """Do what a worker does until it could serve, and what it does at its end; raises Refusal, or ends the process with the
    service's own message.
    """
    model = in_force().model
    if model.name == "gunicorn-gevent":
        import_module("gevent.monkey").patch_all()
    start_logging()
    logging.getLogger("lockstep").setLevel(logging.WARNING)  # nothing was served, so its end is no news
    application = build()
    if model.interface == "WSGI":
        enter_worker()
        leave_worker()
        return
    with asyncio.Runner(loop_factory=import_module("uvloop").new_event_loop) as runner:
        runner.run(go_through_lifespan(application))


async def go_through_lifespan(application: Any) -> None:
    """Start and stop without a server; raises SystemExit, after a readable message, when the application says it failed."""
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        if message["type"] == "lifespan.startup.failed":
            where = [("lifespan.startup.failed", str(message.get("message", "")).strip().rpartition("\n")[2])]
            with readable_failure():
                raise Refusal("The application's lifespan fails.", where, "Mend it, then start again.")

    await application({"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}, receive, send)


def unfit(serving: Model) -> str:
    """Why a server that goes on cannot take the definition on disk, on one line; empty when it can."""
    try:
        stated = in_force().model
    except Refusal as refusal:
        return " ".join(str(refusal).split())
    if stated.name == serving.name:
        return ""
    return f"a reload cannot change the server model, {serving.name}, to that of server.toml, {stated.name}. Restart the server."


def rehearse_apart(is_over: Callable[[], bool] = lambda: False) -> str:
    """What another process prints when it cannot rehearse, on one line; empty when it can. Broken off when `is_over`."""
    with subprocess.Popen(
        [sys.executable, "-m", "lockstep_serve", "rehearse"],
        env={**os.environ, **SETTINGS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        until, said = time.monotonic() + SECONDS, None
        while said is None:
            try:
                said, _ = process.communicate(timeout=LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                if is_over() or time.monotonic() > until:
                    process.kill()
                    return f"It did not start within {SECONDS} s."
    return " ".join(said.split())[-2000:] or f"It ended with code {process.returncode}." if process.returncode else ""
