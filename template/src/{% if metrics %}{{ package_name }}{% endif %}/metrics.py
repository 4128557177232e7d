"""What Prometheus learns of this service; Lockstep's layer around the application feeds it.

Metrics of your own go here too, or anywhere else that workers import; labels need few values.
"""

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

__all__ = ["Meter"]

# Several processes add up in a folder of the server's run; one process needs none.
FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if FOLDER:
    mark_process_dead(os.getpid(), FOLDER)  # type: ignore[no-untyped-call]  # who had this id before

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LABELS = ("method", "status")

REQUESTS = Counter("http_requests", "Requests that ended; 0 was not answered.", LABELS)
SECONDS = Histogram("http_request_duration_seconds", "From a request's head to its answer's end.")
IN_FLIGHT = Gauge("http_requests_in_flight", "Requests being served.", multiprocess_mode="livesum")


class Meter:
    """Told of every request, and asked for the numbers."""

    def begin(self) -> None:
        """A request came."""
        IN_FLIGHT.inc()

    def end(self, method: str, status: int, seconds: float) -> None:
        """It ended; clients invent methods, so those that are not known are one."""
        IN_FLIGHT.dec()
        REQUESTS.labels(method if method in METHODS else "other", str(status)).inc()
        SECONDS.observe(seconds)

    def exposition(self) -> tuple[str, bytes]:
        """The content type and the text, of all processes whoever answers."""
        if not FOLDER:
            return CONTENT_TYPE_PLAIN_0_0_4, generate_latest(REGISTRY)
        registry = CollectorRegistry()
        Files(registry, FOLDER)  # type: ignore[no-untyped-call]
        with alone(Path(FOLDER)):
            fold(Path(FOLDER))
            return CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry)


class Files(MultiProcessCollector):
    """All processes' files, without one that is just being made."""

    def collect(self) -> Iterable[Metric]:
        files = [str(path) for path in Path(self._path).glob("*.db") if path.stat().st_size]
        found: Iterable[Metric] = self.merge(files)  # type: ignore[no-untyped-call]
        return found


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time reads and folds."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fold(folder: Path) -> None:
    """Keep what ended workers counted in one file a kind; else each worker would leave files for ever."""
    for path in folder.glob("*.db"):
        kind, _, pid = path.stem.rpartition("_")
        if pid == "0" or alive(int(pid)):
            continue
        if kind in ("counter", "histogram", "summary"):
            add(path, folder / f"{kind}_0.db")
            path.unlink()
        elif kind.startswith("gauge_live"):
            path.unlink()


def add(source: Path, target: Path) -> None:
    if not source.stat().st_size:
        return
    total = MmapedDict(str(target))  # type: ignore[no-untyped-call]
    try:
        for key, value, *_ in MmapedDict.read_all_values_from_file(str(source)):  # type: ignore[no-untyped-call]
            before, _ = total.read_value(key)  # type: ignore[no-untyped-call]
            total.write_value(key, before + value, time.time())  # type: ignore[no-untyped-call]
    finally:
        total.close()  # type: ignore[no-untyped-call]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, so it lives
        return True
    return True
