"""Keep the sessions of one service from meeting: an environment is made by one of them, while no other uses any.

The lock is the system's own, on a file in `.nox/`. It ends with the process, also when that is replaced by another
program: a server that a session becomes holds nothing.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["SessionLock", "session_lock"]

FILE = Path(".nox", "sessions.lock")

_locks: dict[Path, "SessionLock"] = {}
_making = threading.Lock()


def session_lock(root: Path) -> "SessionLock":
    """The one lock of this process for the service at `root`."""
    with _making:
        return _locks.setdefault(root.resolve(), SessionLock(root.resolve()))


class SessionLock:
    """`shared` is true from the first use of an environment on."""

    def __init__(self, root: Path) -> None:
        self.file = root / FILE
        self.descriptor = -1
        self.shared = False
        self.thread = threading.RLock()

    def share(self) -> None:
        """Use environments, until this process ends; waits while another session makes one."""
        with self.thread:
            if not self.shared or not self.is_there():
                self.take(fcntl.LOCK_SH)
                self.shared = True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Make an environment; waits until no other session uses one. Afterwards this one uses them."""
        with self.thread:
            self.take(fcntl.LOCK_EX)
            try:
                yield
            finally:
                self.take(fcntl.LOCK_SH)
                self.shared = True

    def is_free(self) -> bool:
        """Whether no session uses an environment, this one included, or makes one."""
        with self.thread:
            if self.shared and self.is_there():
                return False
            try:
                self.take(fcntl.LOCK_EX, wait=False)
            except BlockingIOError:
                return False
            return True

    def take(self, kind: int, *, wait: bool = True) -> None:
        """The lock on the file that is there now: `.nox/` may be removed at any time, and made anew by others."""
        while True:
            if self.descriptor < 0 or not self.is_there():
                self.open()
            try:
                fcntl.flock(self.descriptor, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if not wait:
                    raise
                print("waiting for another session of this service …", flush=True)
                fcntl.flock(self.descriptor, kind)
            if self.is_there():
                return

    def open(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.file.parent.mkdir(exist_ok=True)
        self.descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o666)

    def is_there(self) -> bool:
        """Whether the file is still the one that was opened."""
        try:
            return os.path.samestat(os.fstat(self.descriptor), self.file.stat())
        except OSError:
            return False
