"""Report each request to the service's meter, and answer `GET /metrics` by what it gives.

Questions after the service's health and metrics are not counted: they would be most of what an idle service does.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["Measured"]

PATH = "/metrics"
APART = ("/health/", "/.lockstep/")


class Measured:
    """The application, and what it does is counted by `meter`."""

    def __init__(self, application: Any, meter: Any) -> None:
        self.application, self.meter = application, meter

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        if path == PATH and method == "GET":
            return self.expose(start_response)
        if path.startswith(APART):
            answer: Iterable[bytes] = self.application(environ, start_response)
            return answer
        began, status = time.perf_counter(), 0  # stays so when nothing was answered

        def start(line: str, *others: Any) -> Any:
            nonlocal status
            status = int(line[:3])
            return start_response(line, *others)

        def end() -> None:
            self.meter.end(method, status, time.perf_counter() - began)

        self.meter.begin()
        try:
            return Body(self.application(environ, start), end)
        except BaseException:
            end()
            raise

    def expose(self, start_response: Any) -> Iterable[bytes]:
        kind, body = self.meter.exposition()
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]


class Body:
    """An answer's body: the request ends when the server closes it, not when it is returned."""

    def __init__(self, chunks: Iterable[bytes], end: Callable[[], None]) -> None:
        self.chunks, self.end = chunks, end

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)

    def close(self) -> None:
        """Called once, by the server."""
        try:
            if close := getattr(self.chunks, "close", None):
                close()
        finally:
            self.end()
