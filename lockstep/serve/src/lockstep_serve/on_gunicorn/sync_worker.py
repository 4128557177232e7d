"""gunicorn's sync worker, which stops its request when the drain is over. It closes connections: there is no keep-alive."""

import contextlib
import os
import signal
import socket
from types import FrameType
from typing import Any

from gunicorn.workers.sync import SyncWorker  # type: ignore[import-untyped]  # gunicorn has no types

from lockstep_serve.application import in_force
from lockstep_serve.definition import Definition
from lockstep_serve.on_gunicorn import runner, settings_for_all
from lockstep_serve.on_gunicorn.wsgi import LIFE
from lockstep_serve.worker_life import FAREWELL_SECONDS, LINGER_SECONDS, leave_worker
from lockstep_serve.wsgi import OPEN, give_up

__all__ = ["run"]


class Worker(SyncWorker):  # type: ignore[misc]  # untyped, see above
    """Serves in its main thread, where a signal can stop what runs, and what waits for a client to ask."""

    client: socket.socket | None = None

    def run(self) -> None:
        super().run()
        signal.setitimer(signal.ITIMER_REAL, 0)  # at its end Python lets signals kill the process again

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        self.client = client
        super().handle(listener, client, addr)

    def handle_exit(self, sig: signal.Signals, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        signal.signal(signal.SIGALRM, self.end_wait)
        signal.setitimer(signal.ITIMER_REAL, min(LINGER_SECONDS, in_force().patience))

    def handle_abort(self, *_: Any) -> None:
        """Its manager has found it hanging, and kills it next."""
        give_up()
        leave_worker()
        os._exit(1)

    def end_wait(self, *_: Any) -> None:
        if not OPEN and self.client:
            with contextlib.suppress(OSError):  # it may be closed
                self.client.shutdown(socket.SHUT_RD)
        signal.signal(signal.SIGALRM, self.stop_request)
        signal.setitimer(signal.ITIMER_REAL, max(in_force().patience - LINGER_SECONDS, 0.01))

    def stop_request(self, *_: Any) -> None:
        signal.signal(signal.SIGALRM, self.end_wait)
        signal.setitimer(signal.ITIMER_REAL, FAREWELL_SECONDS)  # for the client to close the connection
        for answer in OPEN.values():
            raise answer.stop()


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return settings_for_all(definition) | LIFE | {"worker_class": Worker}


run = runner(settings)
