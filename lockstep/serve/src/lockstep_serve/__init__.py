"""What serves a service in production, and what its application may ask: is it draining, and what is running here.

The names in `__all__` are the public surface; everything else may change with any version.
"""

import mmap
import os
from dataclasses import dataclass
from functools import cache

__all__ = ["Identity", "draining", "identity"]

_DRAINING = mmap.mmap(-1, 1)  # shared memory: what gunicorn's manager learns is known to every worker that it forked


def draining() -> bool:
    """True from SIGTERM on; readiness is false then, while requests in flight are still answered."""
    return _DRAINING[0] == 1


def begin_draining() -> None:
    """From now on the service wants no new traffic; for server models, not for applications."""
    _DRAINING[0] = 1


@dataclass(frozen=True)
class Identity:
    """What runs: commit, version of lockstep-serve, and environment id: 12 characters, equal where the setup is equal."""

    commit: str
    lockstep: str
    environment: str


@cache
def identity() -> Identity:
    """Look once: nothing of it changes while the process lives. The commit comes from LOCKSTEP_REVISION."""
    from lockstep_serve import environment  # it hashes files, which a health check does not need

    installed = environment.packages()
    return Identity(
        commit=os.environ.get("LOCKSTEP_REVISION", "unknown"),
        lockstep=installed["lockstep-serve"],
        environment=environment.environment_id(
            environment.python_version(), installed, environment.source(*environment.source_roots())
        ),
    )
