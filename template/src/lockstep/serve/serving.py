# Lockstep's: the start of the server. Change it by `copier update`, not by hand.
"""Start the server model of this service, as its definition says; one line of log tells what starts and why."""

import json
import os
import time
from fnmatch import fnmatchcase

from lockstep import runtime
from lockstep.errors import Refusal
from lockstep.identity import identity
from lockstep.serve import layers, listening, model
from lockstep.serve.application import package_directory
from lockstep.serve.definition import Definition, read
from lockstep.serve.manager_log import timestamp

__all__ = ["in_force", "serve"]


def in_force() -> Definition:
    """The server definition of the installed service, with what this environment changes in it."""
    return read(package_directory() / "server.toml", model.VALUES)


def serve(*, reload: bool = False) -> None:
    """Serve until told to stop; raises Refusal for a wrong definition, a second voice or a port in use."""
    runtime.enter()
    refuse_second_voices()
    current = in_force()
    listening.refuse_taken_port(current)
    announce(current, reload=reload)
    from lockstep.serve import server  # the framework's server is imported only to serve

    with layers.around_server():
        server.run(current, reload=reload)


def announce(current: Definition, *, reload: bool) -> None:
    """The boot line: the model, how much runs at once and why, and the environment id."""
    line: dict[str, object] = {
        "timestamp": timestamp(time.time()),
        "level": "INFO",
        "logger": "lockstep",
        "message": "starting",
        "model": model.MODEL,
        "address": listening.address(current),
        "requests_at_once": model.slots(current),
        "environment": identity().environment,
        "lockstep": identity().lockstep,
        "commit": identity().commit,
    }
    line["workers"], line["workers_because"] = model.processes(current)
    if "slow clients" not in model.ABILITIES:
        line["needs"] = "a buffering proxy in front: slow clients hold its workers"
    if reload:
        line["reload"] = True
    print(json.dumps(line), flush=True)


def refuse_second_voices() -> None:
    """A variable by which the server is told elsewhere is neither obeyed nor ignored in silence."""
    for name in sorted(os.environ):
        if os.environ[name] and any(fnmatchcase(name, pattern) for pattern in model.RULING_VARIABLES):
            raise Refusal(
                "The server is defined two ways.",
                [("server.toml", f"the one definition of {model.MODEL}"), (name, os.environ[name])],
                f"Unset {name}; use the variables that server.toml names.",
            )
