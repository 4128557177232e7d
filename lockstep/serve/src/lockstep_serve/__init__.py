"""What serves a service in production, and what its application may ask: is it draining, which request is this, what runs here.

The names in `__all__` are the public surface; everything else may change with any version.
"""

import mmap
import os
import time
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["Identity", "UnreadableBody", "draining", "ending", "identity", "request_id", "surround", "until_ending"]

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)

_DRAINING = mmap.mmap(-1, 1)  # shared memory: what gunicorn's manager learns is known to every worker that it forked


def draining() -> bool:
    """True from SIGTERM on; readiness is false then, while requests in flight are still answered."""
    return _DRAINING[0] == 1


def begin_draining() -> None:
    """From now on the service wants no new traffic; for server models, not for applications."""
    _DRAINING[0] = 1


_ending = 0.0  # since when, by the monotonic clock


def ending() -> bool:
    """True when this process only finishes what it has: from SIGTERM on, and where another takes its place. Streams ask."""
    return _ending > 0 or draining()


def begin_ending() -> None:
    """For server models, not for applications."""
    global _ending  # one process, one end
    _ending = _ending or time.monotonic()


def ending_since() -> float:
    """By the monotonic clock; 0 where nobody has said it. The same."""
    return _ending


async def until_ending() -> None:
    """Return when `ending` is true; for handlers that await."""
    from lockstep_serve.asgi.socket import await_ending  # WSGI has no event loop

    await await_ending()


READY = "lockstep-ready"  # with a space, Python would take the niceness for the number of threads, and warn at each fork


def tell_ready() -> None:
    """Name this process so: it serves now, and `restart` waits for that; for server models, not for applications."""
    with suppress(OSError), open("/proc/self/comm", "w", encoding="ascii") as name:  # elsewhere there is none
        name.write(READY)


def request_id() -> str | None:
    """The id of the request being served, from its X-Request-ID or made; None outside of one.

    Tasks of asyncio inherit it; a thread that you start does not.
    """
    return REQUEST_ID.get()


class UnreadableBody(OSError):
    """Raised under WSGI where a request's body ends too soon, is too large or is not valid; the client is answered then."""


def surround(application: Any) -> Any:
    """The application in what every request passes in production: its id, the limits, the line in the log. For tests:
    nothing watches over what hangs, and `worker` is not entered.
    """
    from lockstep_serve.application import wrap  # most that ask for something here do not ask for this

    return wrap(application, watched=False)


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
