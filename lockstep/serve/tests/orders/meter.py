"""A meter of requests: a file for each process in the directory that the server names."""

import os
from pathlib import Path

__all__ = ["Meter"]


class Meter:
    """Counts the requests of this process; every process tells the sum of all."""

    def __init__(self) -> None:
        self.counted = 0

    def begin(self) -> None:
        """A request came."""

    def end(self, method: str, status: int, seconds: float) -> None:
        """It was answered with this status; 0 when it was not."""
        self.counted += 1
        if directory := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            (Path(directory) / f"{os.getpid()}.count").write_text(str(self.counted), encoding="ascii")

    def exposition(self) -> tuple[str, bytes]:
        """Content type and body of what `/metrics` answers."""
        directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        files = Path(directory).glob("*.count") if directory else ()
        counts = [int(file.read_text(encoding="ascii") or 0) for file in files] if directory else [self.counted]
        return "text/plain", f"requests_total {sum(counts)}\n".encode()
