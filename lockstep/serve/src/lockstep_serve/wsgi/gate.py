"""Before the application sees a request: is its body small enough, has this worker served its share, does it hang.

How many run at once is for the server model to limit: its threads or greenlets are what there is.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any

from lockstep_serve.definition import Definition
from lockstep_serve.worker_life import count_request
from lockstep_serve.wsgi import request_watch

__all__ = ["Gate"]

TOO_LARGE = "413 Content Too Large"


class Gate:
    """Callable as WSGI has it."""

    def __init__(self, application: Any, definition: Definition) -> None:
        self.application, self.most = application, definition.max_body_bytes
        self.watch = request_watch.Watch(definition.request_timeout)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        count_request()
        length = environ.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > self.most:
            return refuse(start_response)
        with self.watch.over(environ):
            if "HTTP_TRANSFER_ENCODING" in environ:
                return CountedBody(environ["wsgi.input"], start_response, self.most).serve(self.application, environ)
            answer: Iterable[bytes] = self.application(environ, start_response)
            return answer


class CountedBody:
    """A body of unknown length: reading past the limit fails; what the application makes of that is answered as 413."""

    def __init__(self, body: Any, start_response: Any, most: int) -> None:
        self.body, self.start, self.left, self.most = body, start_response, most, most

    def serve(self, application: Any, environ: dict[str, Any]) -> Iterable[bytes]:
        """What the application answers; where it leaves the failure to the server, a 413."""
        try:
            environ["wsgi.input"] = self
            answer: Iterable[bytes] = application(environ, self.start_response)
        except OSError:
            if self.left >= 0:
                raise
            return refuse(self.start, sys.exc_info())
        return answer

    def counted(self, data: bytes) -> bytes:
        self.left -= len(data)
        if self.left < 0:
            raise OSError(f"the request's body is larger than {self.most} bytes")
        return data

    def read(self, size: int = -1) -> bytes:
        return self.counted(self.body.read(self.left + 1 if size is None or size < 0 else size))

    def readline(self, size: int = -1) -> bytes:
        return self.counted(self.body.readline(self.left + 1 if size is None or size < 0 else size))

    def readlines(self, _: int = -1) -> list[bytes]:
        return list(self)

    def __iter__(self) -> Any:
        return iter(self.readline, b"")

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        return self.start(TOO_LARGE if self.left < 0 else status, headers, exc_info)


def refuse(start_response: Any, failure: Any = None) -> Iterable[bytes]:
    """A problem document (RFC 9457); gunicorn ends the connection, because the body was not read."""
    detail = "The request's body is larger than this service takes."
    body = json.dumps({"type": "about:blank", "title": TOO_LARGE[4:], "status": 413, "detail": detail}).encode()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    start_response(TOO_LARGE, headers, failure)
    return [body]
