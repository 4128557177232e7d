"""Enter the service's `worker` in this process before its first request, and leave it after its last one.

A service that announces no `worker` has nothing there.
"""

import logging
from contextlib import ExitStack

from lockstep_serve.application import announced, load, origin, readable_failure
from lockstep_serve.errors import Refusal

__all__ = ["begin", "end"]

log = logging.getLogger("lockstep.worker")

_entered = ExitStack()


def begin() -> None:
    """Raises SystemExit, after a readable message, when the service's part fails."""
    if not announced("worker"):
        return
    with readable_failure():
        worker = load("worker")
        try:
            _entered.enter_context(worker())
        except Exception as error:
            raise Refusal(
                "The service's `worker` cannot start.",
                [("worker", f"{type(error).__name__}: {error}"), *origin(error)],
                "Mend it, or what it needs, then start again.",
            ) from error


def end() -> None:
    """Once at most; a failure is logged, because the rest of the stop must go on."""
    try:
        _entered.close()
    except Exception:
        log.exception("the service's `worker` failed to stop")
