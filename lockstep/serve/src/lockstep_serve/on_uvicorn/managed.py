"""Run uvicorn's manager in this process, and uvicorn in each of its children."""

import sys

import uvicorn

from lockstep_serve import manager_log
from lockstep_serve.definition import Definition
from lockstep_serve.listening import Listener
from lockstep_serve.on_uvicorn import options, reload_on_change
from lockstep_serve.on_uvicorn.processes import Processes

__all__ = ["run"]


def run(definition: Definition, listener: Listener, *, reload: bool) -> None:
    """Serve until SIGTERM or SIGINT; the manager imports nothing of the service."""
    manager_log.configure()
    settings = options(definition) | {"log_config": manager_log.CONFIG, "factory": True}
    if reload:
        reload_on_change(settings, listener)
        return
    settings["workers"] = definition.model.processes(definition)[0]
    config = uvicorn.Config("lockstep_serve.application:build", **settings)
    sys.exit(Processes(config, definition, listener.socket).serve())
