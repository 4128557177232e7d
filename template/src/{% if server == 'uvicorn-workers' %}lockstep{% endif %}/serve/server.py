# Lockstep's: the server model uvicorn-workers. Change it by `copier update`, not by hand.
"""Run uvicorn's manager in this process, and uvicorn in each of its children."""

import sys

import uvicorn

from lockstep.serve import listening, manager_log, model
from lockstep.serve.definition import Definition
from lockstep.serve.uvicorn_options import options
from lockstep.serve.uvicorn_processes import Processes

__all__ = ["run"]


def run(definition: Definition, *, reload: bool) -> None:
    """Serve until told to stop; the manager imports nothing of the service."""
    manager_log.configure()
    settings = options(definition) | {"log_config": manager_log.CONFIG, "factory": True}
    if reload:
        address = {"host": definition.host, "port": definition.port}
        uvicorn.run("lockstep.serve.application:build", reload=True, reload_dirs=["src"], **address, **settings)
        return
    config = uvicorn.Config("lockstep.serve.application:build", workers=model.processes(definition)[0], **settings)
    sys.exit(Processes(config, definition, listening.listener(definition)).serve())
