# Lockstep's: the start of the server. Change it by `copier update`, not by hand.
"""Start the server model of this service, as its definition says; one line of log tells what starts and why."""

import json
import os
import socket
from datetime import UTC, datetime

from lockstep import model, runtime
from lockstep.application import package_directory
from lockstep.definition import Definition, read
from lockstep.errors import Refusal
from lockstep.identity import identity

__all__ = ["in_force", "serve"]


def in_force() -> Definition:
    """The server definition of the installed service, with what this environment changes in it."""
    return read(package_directory() / "server.toml", model.VALUES)


def serve(*, reload: bool = False) -> None:
    """Serve until told to stop; raises Refusal for a wrong definition, a second voice or a port in use."""
    runtime.enter()
    refuse_second_voices()
    current = in_force()
    refuse_taken_port(current)
    announce(current, reload=reload)
    from lockstep import server  # the framework's server is imported only to serve

    server.run(current, reload=reload)


def announce(current: Definition, *, reload: bool) -> None:
    """The boot line: the model, how much runs at once and why, and the environment id."""
    line: dict[str, object] = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": "INFO",
        "logger": "lockstep",
        "message": "starting",
        "model": model.MODEL,
        "address": f"{current.host}:{current.port}",
        "requests_at_once": model.slots(current),
        "environment": identity().environment,
        "lockstep": identity().lockstep,
        "commit": identity().commit,
    }
    line["workers"], line["workers_because"] = model.processes(current)
    if reload:
        line["reload"] = True
    print(json.dumps(line), flush=True)


def refuse_second_voices() -> None:
    """A variable that the server would let overrule the definition is not silently obeyed."""
    for name in model.RULING_VARIABLES:
        if os.environ.get(name):
            raise Refusal(
                "The server is defined two ways.",
                [("server.toml", f"the one definition of {model.MODEL}"), (name, os.environ[name])],
                f"Unset {name}; use the variables that server.toml names.",
            )


def refuse_taken_port(current: Definition) -> None:
    """Find out before the server retries and fails with a log of its own."""
    if {"LISTEN_FDS", "GUNICORN_FD"} & set(os.environ):  # the socket is handed over
        return
    family = socket.AF_INET6 if ":" in current.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((current.host, current.port))
        except OSError as error:
            raise Refusal(
                f"Port {current.port} cannot be used.",
                [(current.values["port"].voice, f"{current.host}:{current.port}"), ("system", str(error.strerror))],
                "Stop what holds it, or choose another: `PORT=8001 …`.",
            ) from error
