"""The life of this worker process: the service's own `worker` around it, the number of requests after which it ends, and the
number of connections that it takes.
"""

import itertools
import logging
import os
import random
import resource
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from lockstep_serve import REQUEST_ID, ending, ending_since
from lockstep_serve.application import announced, in_force, load, origin, readable_failure
from lockstep_serve.errors import Refusal

__all__ = [
    "FAREWELL_SECONDS",
    "LINGER_SECONDS",
    "count_request",
    "end_after",
    "end_without_threads",
    "enter_worker",
    "leave_worker",
    "most_connections",
    "own_threads",
]

FAREWELL_SECONDS = 0.5  # for the server's own end
LINGER_SECONDS = 2.0  # from the end of the lead on: a request may be on its way on a connection that idles

log = logging.getLogger("lockstep.worker")

_entered = ExitStack()


def enter_worker() -> None:
    """Enter what the service announces as `worker`, before the first request; a service without one has nothing there.

    Raises SystemExit, after a readable message, when the service's part fails.
    """
    if not announced("worker"):
        return
    with readable_failure():
        worker = load("worker")
        try:
            _entered.callback(log.info, "`worker` has ended")
            _entered.enter_context(worker())
        except Exception as error:
            raise Refusal(
                "The service's `worker` cannot start.",
                [("worker", f"{type(error).__name__}: {error}"), *origin(error)],
                "Mend it, or what it needs, then start again.",
            ) from error


def leave_worker(*, stopped: bool = False) -> None:
    """After the last request, once at most; a failure is logged, and the stop goes on. Threads of `stopped` requests are left."""
    REQUEST_ID.set(None)  # of a request that was stopped in this thread
    try:
        _entered.close()
    except (Exception, SystemExit):
        log.exception("the service's `worker` failed to stop")
    if ending():
        left = 0.0 if stopped else ending_since() + in_force().patience - time.monotonic()
        threading.Thread(target=end_without_threads, args=(max(left, FAREWELL_SECONDS), not stopped), daemon=True).start()


def own_threads() -> list[threading.Thread]:
    """Those that Python waits for at its end."""
    return [thread for thread in threading.enumerate() if not (thread.daemon or thread is threading.main_thread())]


def end_without_threads(seconds: float = 0, tell: bool = False) -> None:
    """After so long: Python would wait for the service's own threads, and for those of requests, which were told of."""
    time.sleep(seconds)
    own = ", ".join(thread.name for thread in own_threads())
    if own and tell:
        log.warning("threads were stopped by the server before their end: %s", own)
    logging.shutdown()
    os._exit(0)


_share, _count = 0, itertools.count(1)
_worn: Callable[[], object] | None = None


def end_after(requests: int, jitter: int, worn: Callable[[], object]) -> None:
    """Call `worn` after `requests` and up to `jitter` more, so that workers do not go at the same time; 0 is never.

    The server's own counting would stop the worker first and start another after: with one worker that is a gap.
    """
    global _share, _count, _worn  # one worker, one life
    _share, _count = requests + random.randint(0, jitter), itertools.count(1)
    _worn = worn if requests else None


def count_request() -> None:
    """One request more; cheap, and right in threads."""
    if _worn and next(_count) == _share:
        _worn()


def most_connections() -> int:
    """Three for four file descriptors; the others are for files, pools and the server itself."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft * 3 // 4
