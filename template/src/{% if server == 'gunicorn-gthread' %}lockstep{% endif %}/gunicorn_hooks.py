# Lockstep's: what gunicorn does at its turning points. Change it by `copier update`, not by hand.
"""gunicorn's hooks: drain with a lead, give each worker the newest code, write no second access line."""

import logging.config
import sys
import time
from collections.abc import Callable
from typing import Any

from gunicorn.errors import HaltServer  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # the same

from lockstep import drain
from lockstep.application import log_config, package_directory
from lockstep.serving import in_force


class QuietLogger(Logger):  # type: ignore[misc]  # untyped, see above
    """The application writes one line a request; gunicorn would build one more and throw it away."""

    def access(self, *_: Any) -> None:
        """Nothing."""


def post_fork(_: Any, __: Any) -> None:
    """Import the service anew: the master read its log configuration, and a reload must not serve that old code."""
    package = package_directory().name
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    logging.config.dictConfig(log_config())


def when_ready(arbiter: Any) -> None:
    """On SIGTERM, turn readiness false first and stop accepting `drain_lead` seconds later."""
    stop, lead = arbiter.handle_term, in_force().drain_lead

    def handle_term() -> None:
        drain.begin()
        time.sleep(lead)
        stop()

    arbiter.handle_term, arbiter.stop = handle_term, finishing(arbiter.stop)


def finishing(stop: Callable[[bool], None]) -> Callable[[bool], None]:
    """Stop to the end: one more worker that cannot boot breaks gunicorn's own stop off, with a traceback and code 1."""

    def finish(graceful: bool = True) -> None:
        try:
            stop(graceful)
        except HaltServer:  # raised once for each such worker, after it was taken off the list
            finish(graceful)

    return finish
