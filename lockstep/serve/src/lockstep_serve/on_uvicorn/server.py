"""uvicorn's server, which turns readiness false first and stops accepting `drain_lead` seconds later."""

import logging
import signal
import time
from socket import socket
from types import FrameType

import uvicorn

from lockstep_serve import begin_draining, begin_ending, tell_ready
from lockstep_serve.application import in_force

__all__ = ["Server"]

# What is said besides our own line: of WebSockets (the query is in it, and tracebacks that clients can cause), of requests that
# are refused, and of what is cut.
OF_SOCKETS = ('%s - "WebSocket', "connection ", "opening ", "parser ", "Invalid UTF-8")
SAID = (*OF_SOCKETS, "Invalid HTTP request", "ASGI callable returned", "Cancel %s running")


class Server(uvicorn.Server):
    """SIGTERM stops it after the lead, SIGINT at once: Ctrl-C, or a manager whose other workers go on.

    Where gunicorn manages it, SIGTERM is what SIGINT is elsewhere.
    """

    def __init__(self, config: uvicorn.Config, *, managed: bool = False) -> None:
        super().__init__(config)
        self.managed = managed
        logging.getLogger("uvicorn.error").addFilter(lambda record: not str(record.msg).startswith(SAID))
        self.drain_lead: float = in_force().drain_lead
        self.stop_at: float | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        tell_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.managed:
            begin_ending()
            self.should_exit = True  # and no signal again at the end: gunicorn's worker has one of its own
            return None
        if sig != signal.SIGTERM or self.stop_at is not None:
            begin_ending()
            return super().handle_exit(sig, frame)
        begin_draining()
        self.stop_at = time.monotonic() + self.drain_lead
        self._captured_signals.append(sig)
        return None

    async def on_tick(self, counter: int) -> bool:
        if self.stop_at is not None and time.monotonic() >= self.stop_at:
            self.should_exit = True
        return await super().on_tick(counter)
