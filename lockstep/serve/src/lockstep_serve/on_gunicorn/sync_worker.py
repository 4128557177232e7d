"""gunicorn's sync worker, which stops its request when the drain is over. It closes connections: there is no keep-alive."""

import contextlib
import os
import select
import signal
import socket
import time
from types import FrameType
from typing import Any

from gunicorn.workers.sync import SyncWorker  # type: ignore[import-untyped]  # gunicorn has no types

from lockstep_serve import ending_since
from lockstep_serve.application import in_force
from lockstep_serve.definition import Definition
from lockstep_serve.listening import accept_waiting
from lockstep_serve.on_gunicorn import runner, settings_for_all
from lockstep_serve.on_gunicorn.hooks import is_last
from lockstep_serve.on_gunicorn.wsgi import LIFE, Name, has_something, refuse_stopped
from lockstep_serve.worker_life import FAREWELL_SECONDS, LINGER_SECONDS, leave_worker, most_connections
from lockstep_serve.wsgi import OPEN, give_up

__all__ = ["run"]


class Worker(SyncWorker):  # type: ignore[misc]  # untyped, see above
    """Serves in its main thread, where a signal can stop what runs, and what waits for a client to ask."""

    client: socket.socket | None = None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.definition = in_force()
        self.names = {listener: Name(listener) for listener in self.sockets}
        self.waiting: list[tuple[Any, socket.socket, Any]] = []

    def run(self) -> None:
        super().run()
        self.handle_waiting()
        signal.setitimer(signal.ITIMER_REAL, 0)  # at its end Python lets signals kill the process again

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        self.client = client
        super().handle(self.names[listener], client, addr)

    def handle_waiting(self) -> None:
        """Serve who had connected, one after the other, as long as there is time: first those of whom something has come."""
        silent_until = 0.0
        for listener, client, addr in sorted(self.waiting, key=lambda waiting: not has_something(waiting[1])):
            if not has_something(client):  # all of these have the same moment
                silent_until = silent_until or time.monotonic() + FAREWELL_SECONDS
                select.select([client], [], [], max(min(silent_until - time.monotonic(), self.seconds_left()), 0))
            if self.seconds_left() > 0 and has_something(client):
                signal.setitimer(signal.ITIMER_REAL, min(LINGER_SECONDS, self.seconds_left()))
                self.handle(listener, client, addr)
            else:
                refuse_stopped(client)
                client.close()

    def seconds_left(self) -> float:
        """Until the drain is over."""
        return ending_since() + self.definition.patience - time.monotonic()

    def handle_exit(self, sig: signal.Signals, frame: FrameType | None) -> None:
        if self.alive:
            super().handle_exit(sig, frame)
            self.leave_listeners()
            signal.signal(signal.SIGALRM, self.end_request)
            signal.setitimer(signal.ITIMER_REAL, min(LINGER_SECONDS, self.definition.patience))

    def leave_listeners(self) -> None:
        """Who has connected will be served, unless others do; who comes later is refused, and can go elsewhere.

        The worker may be about to ask its listener, so another takes its number: one that nobody can reach.
        """
        for listener in self.sockets:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as silent:  # no file descriptor is left
                silent.bind("")
                silent.listen()
                if is_last(self):
                    self.waiting += [(listener, *client) for client in accept_waiting(listener, most_connections())]
                os.dup2(silent.fileno(), listener.fileno(), inheritable=False)
                listener.setblocking(False)

    def handle_abort(self, *_: Any) -> None:
        """Its manager has found it hanging, and kills it next."""
        give_up()
        leave_worker()
        os._exit(1)

    def end_request(self, *_: Any) -> None:
        """No longer wait for a client that has not asked, or has its answer; when the drain is over, stop what runs."""
        left = self.seconds_left()
        signal.setitimer(signal.ITIMER_REAL, left if left > 0 else FAREWELL_SECONDS)
        if not OPEN and self.client:
            with contextlib.suppress(OSError):  # it may be closed
                self.client.shutdown(socket.SHUT_RD)
        for answer in OPEN.values() if left <= 0 else ():
            raise answer.stop()


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return settings_for_all(definition) | LIFE | {"worker_class": Worker}


run = runner(settings)
