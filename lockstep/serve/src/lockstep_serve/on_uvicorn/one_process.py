"""Run uvicorn in this process."""

import logging
import signal

import uvicorn

from lockstep_serve import listening
from lockstep_serve.application import make, readable_failure
from lockstep_serve.definition import Definition
from lockstep_serve.on_uvicorn import options
from lockstep_serve.on_uvicorn.server import Server

__all__ = ["run"]

log = logging.getLogger("lockstep")


def run(definition: Definition, *, reload: bool) -> None:
    """Serve until SIGTERM or SIGINT."""
    with readable_failure():
        settings = options(definition) | {"factory": True, "log_config": {"disable_existing_loggers": False, **make("logs")}}
    if reload:
        address = {"host": definition.host, "port": definition.port}
        uvicorn.run("lockstep_serve.application:build", reload=True, reload_dirs=["src"], **address, **settings)
        return
    server = Server(uvicorn.Config("lockstep_serve.application:build", **settings))
    signal.signal(signal.SIGHUP, no_reload)
    server.run(sockets=[listening.listener(definition)])


def no_reload(*_: object) -> None:
    """Without this, SIGHUP would end the process and lose what is in flight."""
    log.warning("SIGHUP changes nothing: one process cannot reload itself; start a successor on the same socket")
