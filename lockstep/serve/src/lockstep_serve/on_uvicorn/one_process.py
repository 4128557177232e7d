"""Run uvicorn in this process."""

import logging
import signal

import uvicorn

from lockstep_serve.application import make, readable_failure
from lockstep_serve.definition import Definition
from lockstep_serve.listening import Listener
from lockstep_serve.on_uvicorn import options, reload_on_change, start_successor
from lockstep_serve.on_uvicorn.server import Server

__all__ = ["run"]

log = logging.getLogger("lockstep")


def run(definition: Definition, listener: Listener, *, reload: bool) -> None:
    """Serve until SIGTERM or SIGINT."""
    with readable_failure():
        settings = options(definition) | {"log_config": make("logs"), "factory": True}
    if reload:
        reload_on_change(settings, listener)
        return
    server = Server(uvicorn.Config("lockstep_serve.application:build", **settings))
    signal.signal(signal.SIGHUP, no_reload)
    signal.signal(signal.SIGUSR2, lambda *_: start_successor(listener.socket))
    server.run(sockets=[listener.socket])


def no_reload(*_: object) -> None:
    """Without this, SIGHUP would end the process and lose what is in flight."""
    log.warning("SIGHUP changes nothing: one process cannot reload itself; use `python -m lockstep_serve restart`")
