"""A server that can be started: its command, its settings, and the paths that it is asked for."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lockstep_serve.models import Model

__all__ = ["ENDPOINTS", "Candidate", "describe_service"]

# The standard endpoints → what a request does there.
ENDPOINTS = {
    "own": "the service's own paths",
    "plain": "a small JSON answer",
    "wait": "waits 50 ms, in the model's own way",
    "block": "waits 50 ms in blocking code",
    "compute": "computes for 20 ms",
}


@dataclass(frozen=True)
class Candidate:
    """`{port}` and `{workers}` stand in the command or the settings; settings without a value are left out.

    `paths` are lists by endpoint; `ready` is answered with 200 when it takes traffic.
    """

    name: str
    command: Sequence[str]
    settings: Mapping[str, str]
    paths: Mapping[str, Sequence[str]]
    ready: str = "/health/ready"
    folder: str = ""  # where it is started; an empty one of its own when not said
    root: str = ""  # the checkout of a service whose restarts can be tried
    restart: str = ""  # which of them


def describe_service(model: Model, root: Path, python: Path, own: Sequence[str], settings: Mapping[str, str]) -> Candidate:
    """A service's production command, with `own` paths and those that wait, block and compute."""
    token = secrets.token_hex(8)
    standard = f"/.lockstep/{token}"
    blocking = "wait" if model.interface == "WSGI" else "block"  # under WSGI a handler that waits is one that blocks
    return Candidate(
        name=model.name,
        command=[str(python), "-m", "lockstep_serve", "serve"],
        settings={
            **settings,
            "LOCKSTEP_PROVE": token,
            "PORT": "{port}",
            "SERVER_HOST": "127.0.0.1",
            "SERVER_DRAIN_LEAD": "0",
            "WEB_CONCURRENCY": "{workers}",
        },
        paths={
            "own": own,
            "plain": ["/health/live"],
            "wait": [f"{standard}/wait/50"],
            "block": [f"{standard}/{blocking}/50"],
            "compute": [f"{standard}/compute/20"],
        },
        root=str(root),
        restart="reload" if "reload" in model.abilities else "zero-downtime restart",
    )
