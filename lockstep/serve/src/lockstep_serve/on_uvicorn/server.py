"""uvicorn's server, which turns readiness false first and stops accepting `drain_lead` seconds later, and what follows it."""

import logging
import os
import signal
import subprocess
import sys
import time
from socket import socket
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.supervisors import ChangeReload

from lockstep_serve import begin_draining, tell_ready
from lockstep_serve.application import in_force
from lockstep_serve.listening import Listener

__all__ = ["Server", "reload_on_change", "start_successor"]

log = logging.getLogger("lockstep")


class Server(uvicorn.Server):
    """SIGTERM stops it after the lead, SIGINT at once: Ctrl-C, or a manager whose other workers go on."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.drain_lead: float = in_force().drain_lead
        self.stop_at: float | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        tell_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig != signal.SIGTERM or self.stop_at is not None:
            return super().handle_exit(sig, frame)
        begin_draining()
        self.stop_at = time.monotonic() + self.drain_lead
        self._captured_signals.append(sig)
        return None

    async def on_tick(self, counter: int) -> bool:
        if self.stop_at is not None and time.monotonic() >= self.stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


def reload_on_change(settings: dict[str, Any], listener: Listener) -> None:
    """Serve, and start again when a source file changes."""
    config = uvicorn.Config("lockstep_serve.application:build", reload=True, reload_dirs=["src"], **settings)
    ChangeReload(config, target=uvicorn.Server(config).run, sockets=[listener.socket]).run()


def start_successor(listener: socket) -> None:
    """Another server on the same socket, named to it as gunicorn does; until somebody stops this one, both serve."""
    if os.getpid() == 1:
        log.error("SIGUSR2 changes nothing: a container ends with its first process. Start another container.")
        return
    passed = {"GUNICORN_FD": str(listener.fileno()), "GUNICORN_PID": str(os.getpid())}
    command = [sys.executable, "-m", "lockstep_serve", "serve"]
    subprocess.Popen(command, env={**os.environ, **passed}, pass_fds=[listener.fileno()])
