"""Start the server model of this service by its definition; one line of log shows what starts and why."""

import json
import os
import signal
import sys
from contextlib import nullcontext
from fnmatch import fnmatchcase
from importlib import import_module
from importlib.util import find_spec

from lockstep_serve import identity, runtime
from lockstep_serve.application import announced, in_force
from lockstep_serve.definition import Definition
from lockstep_serve.errors import Refusal
from lockstep_serve.listening import Listener, open_listener
from lockstep_serve.manager_log import timestamp

__all__ = ["in_force", "serve"]


def serve(*, reload: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; raises Refusal for a wrong definition, a missing server package or a taken address."""
    obey_signals(reload=reload)
    runtime.enter()
    current = in_force()
    refuse_second_source(current)
    refuse_missing_package(current)
    listener = open_listener(current)
    announce(current, listener, reload=reload)
    counts = announced("metrics")  # most services do without what that loads
    directory = import_module("lockstep_serve.metrics_directory").make_directory if counts else nullcontext
    with directory(current):
        current.model.run(current, listener, reload=reload)


def obey_signals(*, reload: bool) -> None:
    """Until the server has its own handlers: as process 1 of a container, a process without one does not hear SIGTERM.

    What asks for new code comes too early, this process loads the newest anyway; under `dev`, it is a terminal that closes.
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # what it leaves, the next start removes
    for number in () if reload else (signal.SIGHUP, signal.SIGUSR2):
        signal.signal(number, lambda *_: None)


def refuse_second_source(current: Definition) -> None:
    """A variable that the server would read by itself is neither obeyed nor ignored in silence."""
    for name in sorted(os.environ):
        if os.environ[name] and any(fnmatchcase(name, pattern) for pattern in current.model.ruling_variables):
            raise Refusal(
                "The server is defined two ways.",
                [("server.toml", f"the one definition of {current.model.name}"), (name, os.environ[name])],
                f"Unset {name}; use the variables that server.toml names.",
            )


def refuse_missing_package(current: Definition) -> None:
    """What the model imports is looked for before anything starts: some servers go on without, in another way."""
    for module, package in current.model.packages.items():
        if find_spec(module) is None:
            raise Refusal(
                f"The server model needs {package}, which is not installed.",
                [(current.path.name, f'model = "{current.model.name}"'), (sys.prefix, f"No module named {module!r}")],
                f"Run `uv add '{package}'`, or name another model.",
            )


def announce(current: Definition, listener: Listener, *, reload: bool) -> None:
    """The boot line: the model, how much runs at once and why, and the environment id."""
    here = identity()
    line: dict[str, object] = {
        "timestamp": timestamp(),
        "level": "INFO",
        "logger": "lockstep",
        "message": "starting",
        "model": current.model.name,
        "address": listener.address(),
        "requests_at_once": current.model.slots(current),
        "environment": here.environment,
        "lockstep": here.lockstep,
        "commit": here.commit,
    }
    line["workers"], line["workers_because"] = current.model.processes(current)
    if "slow clients" not in current.model.abilities:
        line["needs"] = "a buffering proxy in front: slow clients hold its workers"
    if reload:
        line["reload"] = True
    print(json.dumps(line), flush=True)
