"""A directory of this server's own run, in memory where that is possible; its workers write their numbers there.

A server of one process needs none. Whoever uses a directory locks it, so that what a killed server left differs from what
another server uses.
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

__all__ = ["VARIABLE", "make_directory"]

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "lockstep-metrics-"
FRESH_SECONDS = 60  # such a directory may just have been made, and be locked in a moment


@contextmanager
def make_directory(definition: Definition) -> Iterator[None]:
    """Name the directory in the environment of the workers; remove it at the end, here and not in what was forked."""
    os.environ.pop(VARIABLE, None)  # of a predecessor that started this one, or something else
    if "replace" not in definition.model.abilities:
        yield
        return
    parent = Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir())
    remove_abandoned(parent)
    try:
        directory = tempfile.mkdtemp(prefix=PREFIX, dir=parent)
    except OSError as error:
        raise Refusal(
            "The metrics of several processes cannot be written anywhere.",
            [(str(parent), f"{type(error).__name__}: {error}")],
            "Mount a writable /dev/shm or /tmp.",
        ) from error
    owner, locked = os.getpid(), os.open(directory, os.O_RDONLY)
    fcntl.flock(locked, fcntl.LOCK_EX)
    os.environ[VARIABLE] = directory
    try:
        yield
    finally:
        if os.getpid() == owner:
            shutil.rmtree(directory, ignore_errors=True)


def remove_abandoned(parent: Path) -> None:
    """Remove what servers left that were killed."""
    for directory in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or gone already
            if time.time() - directory.stat().st_mtime < FRESH_SECONDS:
                continue
            locked = os.open(directory, os.O_RDONLY)
            try:
                fcntl.flock(locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(locked)
