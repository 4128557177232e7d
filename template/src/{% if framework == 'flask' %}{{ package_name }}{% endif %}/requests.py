"""Around every request: give it an id, return the id with the answer, log its one line."""

import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from . import logs, request_id

__all__ = ["Requests"]

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class Requests:
    """Plain WSGI middleware, so that it also covers what the framework answers by itself."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        identity = request_id.accept(environ.get("HTTP_X_REQUEST_ID"))
        code = 0  # stays so when nothing was answered

        def answer(
            status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            nonlocal code
            code = int(status[:3])
            others = [pair for pair in headers if pair[0].lower() != request_id.HEADER.lower()]
            return start_response(status, [*others, (request_id.HEADER, identity)], exc_info)

        def end() -> None:
            path = environ.get("PATH_INFO", "").encode("latin-1")  # how WSGI carries bytes in text
            logs.access(environ["REQUEST_METHOD"], path.decode("utf-8", "replace"), code, started)

        try:
            return Body(self.app(environ, answer), end)
        except BaseException:
            end()
            raise


class Body:
    """An answer's body: the request ends when the server closes it, not when it is returned."""

    def __init__(self, chunks: Iterable[bytes], end: Callable[[], None]) -> None:
        self.chunks, self.end, self.broken = chunks, end, False

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self.chunks
        except Exception:
            self.broken = True
            raise

    def close(self) -> None:
        """End the request; the server calls it also when the client has gone away."""
        try:
            if close := getattr(self.chunks, "close", None):
                close()
        finally:
            self.end()
            if not self.broken:  # else the server has yet to log it, and should do so under this id
                request_id.current.set(None)
