"""Run uvicorn's manager in this process, and uvicorn in each of its children."""

import sys

import uvicorn

from lockstep_serve import listening, manager_log
from lockstep_serve.definition import Definition
from lockstep_serve.on_uvicorn import options
from lockstep_serve.on_uvicorn.processes import Processes

__all__ = ["run"]


def run(definition: Definition, *, reload: bool) -> None:
    """Serve until SIGTERM or SIGINT; the manager imports nothing of the service."""
    manager_log.configure()
    settings = options(definition) | {"log_config": manager_log.CONFIG, "factory": True}
    if reload:
        address = {"host": definition.host, "port": definition.port}
        uvicorn.run("lockstep_serve.application:build", reload=True, reload_dirs=["src"], **address, **settings)
        return
    settings["workers"] = definition.model.processes(definition)[0]
    config = uvicorn.Config("lockstep_serve.application:build", **settings)
    sys.exit(Processes(config, definition, listening.listener(definition)).serve())
