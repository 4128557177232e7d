"""uvicorn as gunicorn's worker, by the package `uvicorn-worker`: `uvicorn.workers` is deprecated."""

import os
import signal
from functools import partial
from typing import Any

from uvicorn_worker import UvicornWorker, _workers  # type: ignore[import-untyped]  # it has no types

from lockstep_serve.application import in_force
from lockstep_serve.definition import Definition
from lockstep_serve.on_gunicorn import runner, settings_for_all
from lockstep_serve.on_gunicorn.hooks import is_last
from lockstep_serve.on_uvicorn import options
from lockstep_serve.on_uvicorn.server import Server

__all__ = ["run"]


class Worker(UvicornWorker):  # type: ignore[misc]  # untyped, see above
    """What gunicorn does not pass on: the protocol, and a bound on the drain."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # The worker has no setting for it.
        _workers.Server = partial(Server, managed=True, parent=self.ppid, is_last=partial(is_last, self))

    @property
    def CONFIG_KWARGS(self) -> dict[str, Any]:  # uvicorn-worker's own name
        return options(in_force())

    def _install_sigquit_handler(self) -> None:
        """Nothing: it would stop nothing, and `hooks` has one."""


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return settings_for_all(definition) | {
        "worker_class": Worker,
        "timeout": definition.request_timeout * 2,  # the watch over the loop comes first, and names the line
        "keepalive": definition.keep_alive,
        # When a source file changed: gunicorn's reloader ends a loop that uvicorn does not have.
        "worker_int": lambda worker: os.kill(worker.pid, signal.SIGTERM),
    }


run = runner(settings)
