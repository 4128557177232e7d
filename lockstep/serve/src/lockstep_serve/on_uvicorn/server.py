"""uvicorn's server, which turns readiness false first and stops accepting `drain_lead` seconds later."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable
from socket import socket
from types import FrameType

import uvicorn

from lockstep_serve import begin_draining, begin_ending, tell_ready
from lockstep_serve.application import in_force
from lockstep_serve.listening import accept_waiting
from lockstep_serve.worker_life import most_connections

__all__ = ["Server"]

# What is said besides our own line: of WebSockets (the query is in it, and tracebacks that clients can cause), of requests that
# are refused, and of what is cut.
OF_SOCKETS = ('%s - "WebSocket', "connection ", "opening ", "parser ", "Invalid UTF-8")
SAID = (*OF_SOCKETS, "Invalid HTTP request", "ASGI callable returned", "Cancel %s running", "Unsupported upgrade")


class Server(uvicorn.Server):
    """SIGTERM stops it after the lead, other signals without: Ctrl-C, or a manager whose other workers go on.

    Where gunicorn manages it, SIGTERM is what SIGINT is elsewhere. `is_last` says whether nobody listens after it.
    """

    def __init__(
        self, config: uvicorn.Config, *, managed: bool = False, parent: int = 0, is_last: Callable[[], bool] = lambda: True
    ) -> None:
        super().__init__(config)
        self.is_last = is_last
        self.parent = parent  # this process ends with it; 0: it has none
        self.managed, self.interrupted, self.retired = managed, False, False
        logging.getLogger("uvicorn.error").addFilter(lambda record: not str(record.msg).startswith(SAID))
        self.drain_lead: float = in_force().drain_lead
        self.stop_at: float | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        tell_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Not uvicorn's, which raises the signal again in the end: it would cut threads of the service's own."""
        if not self.started:  # it serves nobody yet
            os._exit(0)
        if sig == signal.SIGTERM and not self.managed and self.stop_at is None:
            begin_draining()
            self.stop_at = time.monotonic() + self.drain_lead
            return
        if sig == signal.SIGINT:
            if self.managed:
                return  # the manager's SIGTERM follows
            if self.interrupted:
                os._exit(130)  # as shells say it of SIGINT
            self.interrupted = True
        self.retired = self.retired or sig not in {signal.SIGTERM, signal.SIGINT}
        begin_ending()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Who has connected is served; who comes later is refused, and can go elsewhere."""
        last = self.is_last() and (self.stop_at is not None or not self.retired)  # Ctrl-C: SIGTERM, and retired
        waiting = [client for one in sockets or [] if last for client, _ in accept_waiting(one, most_connections())]
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        connect = asyncio.get_running_loop().connect_accepted_socket
        # At once, for the time of the drain begins after it; some may have gone.
        await asyncio.gather(*(connect(self.make_protocol, client) for client in waiting), return_exceptions=True)
        await super().shutdown(sockets)

    def make_protocol(self) -> asyncio.Protocol:
        """As uvicorn does for each connection."""
        named = {"config": self.config, "server_state": self.server_state, "app_state": self.lifespan.state}
        return self.config.http_protocol_class(**named)

    async def on_tick(self, counter: int) -> bool:
        if (self.parent and os.getppid() != self.parent) or (self.stop_at is not None and time.monotonic() >= self.stop_at):
            begin_ending()
            self.should_exit = True
        return await super().on_tick(counter)
