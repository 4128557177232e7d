"""Name a request that runs for longer than `request_timeout`: no thread and no greenlet can be stopped from outside.

The heartbeat of gunicorn watches the worker, not its requests: a hanging one holds its thread and nobody notices.
"""

import logging
import sys
import threading
import time
import traceback
from typing import Any

__all__ = ["Watch"]

LOOK_SECONDS = 1.0

log = logging.getLogger("lockstep.requests")


class Watch:
    """The requests in flight, by thread; `limit` is in seconds. Its own thread starts with the first request, if it must."""

    def __init__(self, limit: float, *, started: bool = False) -> None:
        self.limit = limit
        self.in_flight: dict[int, tuple[float, dict[str, Any]]] = {}
        self.started = started

    def enter(self, thread: int, environ: dict[str, Any]) -> None:
        """Watch over the application's call; what it streams afterwards is not watched."""
        if not self.started:
            self.started = True  # two threads at once may both start one: each line of log would come twice, no more
            threading.Thread(target=self.listen, name="lockstep-request-watch", daemon=True).start()
        self.in_flight[thread] = (time.monotonic(), environ)

    def leave(self, thread: int) -> None:
        self.in_flight.pop(thread, None)

    def listen(self) -> None:
        reported: dict[int, float] = {}
        while True:
            time.sleep(min(LOOK_SECONDS, self.limit / 2))
            for thread, (began, environ) in list(self.in_flight.items()):
                if time.monotonic() - began > self.limit and reported.get(thread) != began:
                    reported[thread] = began
                    self.report(thread, f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}")

    def report(self, thread: int, request: str) -> None:
        """A greenlet's stack is not among the threads': then only the request is named."""
        frame = sys._current_frames().get(thread)  # the documented way to see another thread
        stack = "".join(traceback.format_stack(frame)) if frame else "not known"
        facts = {"request": request, "stack": stack}
        log.error("%s runs for more than %s s and holds its thread", request, self.limit, extra=facts)
