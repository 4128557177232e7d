"""Start the server model of this service, as its definition says; one line of log tells what starts and why."""

import json
import os
import sys
import time
from contextlib import nullcontext
from fnmatch import fnmatchcase

from lockstep_serve import listening, metrics_folder, runtime
from lockstep_serve.application import announced, package_directory
from lockstep_serve.definition import Definition, read_definition
from lockstep_serve.errors import Refusal
from lockstep_serve.identity import identity
from lockstep_serve.manager_log import timestamp

__all__ = ["in_force", "serve"]

# What a server is imported as → the package that brings it.
SERVER_PACKAGES = {
    "gunicorn": "gunicorn",
    "gevent": "gunicorn[gevent]",
    "uvicorn": "uvicorn[standard]",
    "httptools": "uvicorn[standard]",
    "uvicorn_worker": "uvicorn-worker",
    "uvloop": "uvloop",
}


def in_force() -> Definition:
    """The server definition of the installed service, with what this environment changes in it."""
    return read_definition(package_directory() / "server.toml")


def serve(*, reload: bool = False) -> None:
    """Serve until told to stop; raises Refusal for a wrong definition, a second source of truth, a missing server
    package or a port in use.
    """
    runtime.enter()
    current = in_force()
    refuse_ruling_variables(current)
    listening.refuse_taken_port(current)
    announce(current, reload=reload)
    with metrics_folder.made(current) if announced("metrics") else nullcontext():
        try:
            current.model.run(current, reload)
        except ModuleNotFoundError as missing:
            if missing.name not in SERVER_PACKAGES:
                raise
            package = SERVER_PACKAGES[missing.name]
            raise Refusal(
                f"The server model needs {package}, which is not installed.",
                [(current.path.name, f'model = "{current.model.name}"'), (sys.prefix, f"no {package}")],
                f"Run `uv add {package}`, or name another model.",
            ) from missing


def announce(current: Definition, *, reload: bool) -> None:
    """The boot line: the model, how much runs at once and why, and the environment id."""
    line: dict[str, object] = {
        "timestamp": timestamp(time.time()),
        "level": "INFO",
        "logger": "lockstep",
        "message": "starting",
        "model": current.model.name,
        "address": listening.address(current),
        "requests_at_once": current.model.slots(current),
        "environment": identity().environment,
        "lockstep": identity().lockstep,
        "commit": identity().commit,
    }
    line["workers"], line["workers_because"] = current.model.processes(current)
    if "slow clients" not in current.model.abilities:
        line["needs"] = "a buffering proxy in front: slow clients hold its workers"
    if reload:
        line["reload"] = True
    print(json.dumps(line), flush=True)


def refuse_ruling_variables(current: Definition) -> None:
    """A variable by which the server is told elsewhere is neither obeyed nor ignored in silence."""
    for name in sorted(os.environ):
        if os.environ[name] and any(fnmatchcase(name, pattern) for pattern in current.model.ruling_variables):
            raise Refusal(
                "The server is defined two ways.",
                [("server.toml", f"the one definition of {current.model.name}"), (name, os.environ[name])],
                f"Unset {name}; use the variables that server.toml names.",
            )
