# Lockstep's: the server model uvicorn. Change it by `copier update`, not by hand.
"""Run uvicorn in this process (settings: https://www.uvicorn.org/settings/)."""

import time
from types import FrameType

import uvicorn

from lockstep import drain
from lockstep.application import log_config
from lockstep.definition import Definition


class Server(uvicorn.Server):
    """Turns readiness false first, and stops accepting `lead` seconds later."""

    stop_at: float | None = None
    lead: float = 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        first_term = sig == 15 and self.stop_at is None
        drain.begin()
        if not first_term:  # Ctrl-C, or a second signal: no waiting
            return super().handle_exit(sig, frame)
        self.stop_at = time.monotonic() + self.lead
        self._captured_signals.append(sig)
        return None

    async def on_tick(self, counter: int) -> bool:
        if self.stop_at is not None and time.monotonic() >= self.stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


def run(definition: Definition, *, reload: bool) -> None:
    """Serve until told to stop."""
    options = {
        "host": definition.host,
        "port": definition.port,
        "limit_concurrency": definition.concurrency,
        "backlog": definition.backlog,
        "timeout_keep_alive": definition.keep_alive,
        "timeout_graceful_shutdown": definition.drain,  # unlimited unless said
        "forwarded_allow_ips": definition.trusted_proxies,
        "log_config": log_config(),
        "access_log": False,  # the application writes one line a request
        "server_header": False,
        "factory": True,
    }
    if reload:
        uvicorn.run("lockstep.application:build", reload=True, reload_dirs=["src"], **options)
        return
    server = Server(uvicorn.Config("lockstep.application:build", **options))
    server.lead = definition.drain_lead
    server.run()
