"""Name a request that runs for longer than `request_timeout`: no thread and no greenlet can be stopped from outside.

The heartbeat of gunicorn watches the worker, not its requests: a hanging one holds its thread and nobody notices.
"""

import logging
import sys
import threading
import time
import traceback
from typing import Any

__all__ = ["OPEN", "watch"]

LOOK_SECONDS = 1.0
OPEN: dict[int, Any] = {}  # the answers of this process that are not at their end yet, by their threads

log = logging.getLogger("lockstep.requests")


def watch(limit: float) -> None:
    """From a thread of its own, for as long as this process lives; `limit` is in seconds."""
    threading.Thread(target=look, args=[limit], name="lockstep-request-watch", daemon=True).start()


def look(limit: float) -> None:
    """Over the application's calls; what it streams afterwards is not watched."""
    reported: dict[int, float] = {}
    while True:
        time.sleep(min(LOOK_SECONDS, limit / 2))
        for thread, answer in list(OPEN.items()):
            if answer.called and time.perf_counter() - answer.began > limit and reported.get(thread) != answer.began:
                reported[thread] = answer.began
                report(thread, f"{answer.method} {answer.path()}", limit)


def report(thread: int, request: str, limit: float) -> None:
    """A greenlet's stack is not among the threads': then only the request is named."""
    frame = sys._current_frames().get(thread)  # the documented way to see another thread
    stack = "".join(traceback.format_stack(frame)) if frame else "not known"
    facts = {"request": request, "stack": stack}
    log.error("%s runs for more than %s s and holds its thread", request, limit, extra=facts)
