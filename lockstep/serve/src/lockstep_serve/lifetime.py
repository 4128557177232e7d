"""Count the requests of this worker, and say once when it has served its share; its manager then replaces it.

The server's own counting would stop the worker first and start another after: with one worker that is a gap.
"""

import itertools
import random
from collections.abc import Callable

__all__ = ["begin", "served"]


def _nothing() -> None:
    """Before `begin`."""


_share, _count = 0, itertools.count(1)
_worn: Callable[[], object] = _nothing


def begin(requests: int, jitter: int, worn: Callable[[], object]) -> None:
    """Call `worn` after `requests` and up to `jitter` more, so that workers do not go at the same time; 0 is never."""
    global _share, _count, _worn  # one worker, one life
    _share = requests + random.randint(0, jitter) if requests else 0
    _count, _worn = itertools.count(1), worn


def served() -> None:
    """One request more; cheap, and right in threads."""
    if _share and next(_count) == _share:
        _worn()
