"""Whether this service is draining: told by the server model, asked by the readiness endpoint.

The flag lives in anonymous shared memory, so that what gunicorn's master learns is known to every worker it forked.
"""

import mmap

__all__ = ["begin", "draining"]

FLAG = mmap.mmap(-1, 1)


def begin() -> None:
    """From now on the service wants no new traffic."""
    FLAG[0] = 1


def draining() -> bool:
    """True from SIGTERM on; readiness is false then, while requests in flight are still answered."""
    return FLAG[0] == 1
