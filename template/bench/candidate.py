# Lockstep's: what `bench` compares. Change it by `copier update`, not by hand.
"""A server that can be started: its command, its settings, and the paths that it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["ENDPOINTS", "Candidate"]

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
    python: str = ""  # of a service, whose restarts can be tried
    notes: Sequence[str] = field(default_factory=tuple)
