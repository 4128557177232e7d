"""A folder of this server's own run, in memory where that is possible; its workers write their numbers there.

A server of one process needs none. Whoever holds a folder locks it, so that what a killed server left can be told
from what another server uses.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lockstep_serve.definition import Definition
from lockstep_serve.errors import Refusal

__all__ = ["VARIABLE", "made"]

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "lockstep-metrics-"
FRESH_SECONDS = 60  # such a folder may just have been made, and be locked in a moment


@contextmanager
def made(definition: Definition) -> Iterator[None]:
    """Name the folder in the environment of the workers; remove it at the end, here and not in what was forked."""
    os.environ.pop(VARIABLE, None)  # of a predecessor that started this one, or something else
    if "replace" not in definition.model.abilities:
        yield
        return
    place = Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir())
    sweep(place)
    try:
        folder = tempfile.mkdtemp(prefix=PREFIX, dir=place)
    except OSError as error:
        raise Refusal(
            "There is no place for the metrics of several processes.",
            [(str(place), f"{type(error).__name__}: {error}")],
            "Mount a writable /dev/shm or /tmp.",
        ) from error
    owner, held = os.getpid(), os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    os.environ[VARIABLE] = folder
    try:
        yield
    finally:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(place: Path) -> None:
    """Remove what servers left that were killed."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or gone already
            if time.time() - folder.stat().st_mtime < FRESH_SECONDS:
                continue
            held = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)
