"""What a running service says of itself: the commit, Lockstep's version and the environment id."""

import os
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

from lockstep_serve.environment import environment_id, packages, python_version, source, source_root

__all__ = ["Identity", "identity"]


@dataclass(frozen=True)
class Identity:
    """`environment` is the environment id: 12 hexadecimal characters, equal wherever the setup is equal."""

    commit: str
    lockstep: str
    environment: str


@cache
def identity() -> Identity:
    """Look once: nothing of it changes while the process lives. The commit comes from LOCKSTEP_REVISION."""
    return Identity(
        commit=os.environ.get("LOCKSTEP_REVISION", "unknown"),
        lockstep=version("lockstep-serve"),
        environment=environment_id(python_version(), packages(), source(source_root())),
    )
