"""gunicorn's hooks and logger: how a worker comes to life, and what it reports to its manager.

A worker's stage is a byte of shared memory: the manager made it before the fork, the worker writes it. In a second one the
manager says that nobody listens after the worker.
"""

import logging
import mmap
import os
import signal
from contextlib import suppress
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # gunicorn has no types

from lockstep_serve.application import in_force, start_logging
from lockstep_serve.worker_life import end_after

__all__ = ["BOOTING", "HOOKS", "SERVING", "WORN", "is_last", "say_last", "stage"]

BOOTING, SERVING, WORN = 0, 1, 2
ORDERLY = ("Error while closing socket", "Worker (pid:%s) was sent")  # at INFO; of a worker that was killed, it is an error
TOLD = ("ASGI application returned without", "Invalid request from", "Worker graceful timeout", "ASGI app sent body bytes")


def is_news(record: logging.LogRecord) -> bool:
    """Not what an orderly stop says of itself, and not what another line tells."""
    return not str(record.msg).startswith(TOLD if record.levelno > logging.INFO else ORDERLY)


class QuietLogger(Logger):  # type: ignore[misc]  # untyped, see above
    """Logs as everything else here does; the application writes one line a request, gunicorn would build one more."""

    def setup(self, cfg: Any) -> None:
        """Nothing of gunicorn's own: the manager has `manager_log`, and a worker takes the service's."""
        self.error_log.propagate = self.access_log.propagate = True
        self.error_log.setLevel("INFO")
        self.error_log.addFilter(is_news)

    def access(self, *_: Any) -> None:
        """Nothing."""


def stage(worker: Any) -> int:
    """BOOTING, SERVING or WORN: what the worker reported last."""
    return int(worker.stage[0])


def is_last(worker: Any) -> bool:
    """Whether nobody listens after this worker, so that the kernel resets who waits to be accepted."""
    return bool(worker.stage[1])


def say_last(worker: Any) -> None:
    worker.stage[1] = 1


def pre_fork(_: Any, worker: Any) -> None:
    worker.stage = mmap.mmap(-1, 2)


def post_fork(_: Any, worker: Any) -> None:
    """Log as the service does, report the first heartbeat, and ask for a successor when worn."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # while it boots a worker dies of it: it serves nobody yet
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    if before_imports := getattr(worker, "before_imports", None):
        before_imports()
    start_logging()
    init_signals, notify = worker.init_signals, worker.notify

    def init_own_signals() -> None:
        init_signals()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # SIGINT, which a terminal sends to all, is the manager's to pass on; each kind of worker would do something else.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGQUIT, lambda *_: os._exit(0))

    def first_notify() -> None:  # every kind of worker beats when it listens, and not before
        worker.notify = notify
        notify()
        report(worker, SERVING)

    worker.init_signals, worker.notify = init_own_signals, first_notify
    definition = in_force()
    end_after(definition.max_requests, definition.max_requests_jitter, lambda: report(worker, WORN))


def report(worker: Any, stage: int) -> None:
    """Write the stage and wake the manager; it takes the signal for one of a child's end, and finds none."""
    worker.stage[0] = stage
    with suppress(ProcessLookupError):  # without a manager, the worker ends by itself
        os.kill(worker.ppid, signal.SIGCHLD)


HOOKS = {"pre_fork": pre_fork, "post_fork": post_fork, "logger_class": QuietLogger}
