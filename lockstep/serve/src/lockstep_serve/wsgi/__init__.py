"""What every request passes before the application sees it: its id, the limits, the metrics, and its line in the log.

One layer, because each one more costs every request. How many requests run at once is for the server model to limit: its
threads or greenlets are what there is.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from errno import EPIPE
from http import HTTPStatus
from socket import SHUT_WR
from threading import get_ident
from typing import Any

from lockstep_serve import REQUEST_ID
from lockstep_serve.access import enter_request, log_request
from lockstep_serve.definition import Definition
from lockstep_serve.problems import APART, STOPPED, document, fields, refuse_unread, warn_of_stop
from lockstep_serve.worker_life import count_request
from lockstep_serve.wsgi.body import Body
from lockstep_serve.wsgi.request_watch import OPEN, watch

__all__ = ["OPEN", "Layer", "Stopped", "give_up"]

log = logging.getLogger("lockstep.requests")


class Stopped(BaseException):
    """Raised in the application when the drain is over."""


class Layer:
    """The application, and what stands around it."""

    def __init__(self, application: Any, definition: Definition, meter: Any | None = None, *, watched: bool = True) -> None:
        self.application, self.meter, self.most = application, meter, definition.max_body_bytes
        if watched:
            watch(definition.request_timeout)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request; it ends when the server closes what this returns."""
        count_request()
        answer = Answer(environ, start_response)
        if self.meter is not None and not answer.raw_path.startswith(APART):
            answer.meter = self.meter
            self.meter.begin()
        try:
            return self.serve(environ, answer)
        except Stopped as error:
            answer.warn_of_stop()
            return answer.refuse(503, error, STOPPED)
        except BaseException as error:  # no other is the server's
            return answer.fail(error)
        finally:
            answer.inside = answer.called = False

    def serve(self, environ: dict[str, Any], answer: "Answer") -> Iterable[bytes]:
        """Refuse the request, or let it in."""
        length = environ.get("CONTENT_LENGTH")
        if length and length.isdigit() and int(length) > self.most:
            return answer.refuse(413)
        if self.meter is not None and answer.raw_path == "/metrics" and answer.method == "GET":
            kind, text = self.meter.exposition()
            return answer.give("200 OK", [("Content-Type", kind), ("Content-Length", str(len(text)))], text)
        if (length and length != "0") or "HTTP_TRANSFER_ENCODING" in environ:
            answer.body = environ["wsgi.input"] = Body(environ["wsgi.input"], length, self.most)
        answer.chunks = chunks = self.application(environ, answer.start_response)
        answer.release = getattr(chunks, "close", None)
        if answer.body is not None:
            if not answer.body.over:
                answer.close_connection()  # what is left of it may not be valid, and would be answered once more
            if answer.body.error is not None:
                return answer.refuse_body(answer.body)
        if isinstance(chunks, environ.get("wsgi.file_wrapper", ())):  # the server leaves such a file to the kernel
            answer.whole, chunks.close = True, answer.close
            return chunks  # type: ignore[no-any-return]
        return answer


class Answer:
    """What goes out for one request, with its id; `status` is 0 until the answer has begun.

    An answer without its end is `whole` no more than one that the client left; `broken` is one whose failure the server has
    yet to log, and should under this id.
    """

    __slots__ = (
        *("began", "body", "broken", "called", "chunks", "identity", "inside", "meter", "method"),
        *("raw_path", "release", "socket", "start", "status", "thread", "whole"),
    )

    def __init__(self, environ: dict[str, Any], start: Any) -> None:
        self.began = time.perf_counter()
        self.start, self.method, self.raw_path = start, environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        self.identity = enter_request(environ.get("HTTP_X_REQUEST_ID"))
        self.status, self.whole, self.broken = 0, False, False
        self.body: Body | None = None
        self.meter: Any = None
        self.release: Any = None
        self.chunks: Iterable[bytes] = ()
        self.socket: Any = environ.get("gunicorn.socket")
        self.inside = self.called = True  # the application, and not the server, has the thread; it has not returned yet
        self.thread = get_ident()
        OPEN[self.thread] = self

    @property
    def server(self) -> Any:
        """gunicorn's own answer below this one; None where something else serves."""
        return getattr(self.start, "__self__", None)

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """The server's, with the id among the headers."""
        self.status = int(status[:3])
        headers = [pair for pair in headers if pair[0].lower() != "x-request-id"]
        headers.append(("X-Request-ID", self.identity))
        if not exc_info:
            return self.start(status, headers)
        if not getattr(self.server, "headers_sent", True):  # gunicorn would send both answers' fields
            self.server.headers, self.server.response_length = [], None
        return self.start(status, headers, exc_info)

    def __iter__(self) -> Iterator[bytes]:
        begun, self.inside = False, True
        try:
            for chunk in self.chunks:
                begun, self.inside = True, False
                yield chunk
                self.inside = True
        except GeneratorExit:  # the server closes it, because the client has left
            raise
        except Stopped as error:
            self.inside = False
            if begun:
                raise self.stop() from error
            self.warn_of_stop()
            yield from self.refuse(503, error, STOPPED).chunks
        except BaseException as error:
            if begun:
                self.broken = self.body is None or not self.body.left
                if self.body is not None and self.body.error is not None:
                    raise BrokenPipeError(EPIPE, "stopped") from error
                if isinstance(error, Exception):
                    raise
                raise RuntimeError("the answer breaks off") from error
            yield from self.fail(error).chunks
        self.whole, self.inside = True, False

    def stop(self) -> BaseException:
        """What has to be raised in this request's thread when the drain is over; servers take a broken connection in silence."""
        if self.inside:
            return Stopped()
        self.warn_of_stop()
        self.broken = True
        return BrokenPipeError(EPIPE, "stopped")

    def close(self) -> None:
        """The end of the request; the server calls it also when the client has gone away."""
        try:
            if self.release is not None:
                self.inside = True
                self.release()
        except Stopped as error:
            self.warn_of_stop()
            raise BrokenPipeError(EPIPE, "stopped") from error
        finally:
            self.log()

    def log(self) -> None:
        """The one line, and the metrics."""
        if OPEN.get(self.thread) is self:
            del OPEN[self.thread]
            seconds = time.perf_counter() - self.began
            left = not self.broken and (not self.whole or (self.body is not None and self.body.left))
            ended_by = "client" if left else "server" if self.broken else ""
            log_request(self.method, self.path(), self.status, seconds, self.identity, ended_by)
            if self.meter is not None:
                self.meter.end(self.method, self.status, seconds)
            if not self.broken:
                REQUEST_ID.set(None)

    def path(self) -> str:
        """As text: WSGI carries bytes in it."""
        path: str = self.raw_path  # as it came: Django changes the environment
        return path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace")

    def fail(self, error: BaseException) -> "Answer":
        """What answers an exception of the application: its body's, if that could not be read, else one that nobody caught."""
        if self.body is not None and self.body.error is not None:
            return self.refuse_body(self.body)
        log.exception("unexpected error")
        return self.refuse(500, error)

    def warn_of_stop(self) -> None:
        REQUEST_ID.set(self.identity)  # it may be said by another thread
        warn_of_stop(self.method, self.path())

    def refuse(self, status: int, error: BaseException | None = None, detail: str = "") -> "Answer":
        """A problem document that ends the connection, whose body may not have been read."""
        if status != 500:
            self.close_connection()
        body = document(status, self.identity, detail)
        return self.give(f"{status} {HTTPStatus(status).phrase}", fields(status, body), body, error)

    def refuse_body(self, body: Body) -> "Answer":
        return self.refuse(body.status or 400, body.error, "" if body.status else "The request's body ended too soon.")

    def close_connection(self) -> None:
        """Announce its end; gunicorn closes it after a refusal in any case, and would announce another request."""
        if close := getattr(self.server, "force_close", None):
            close()

    def give(self, status: str, headers: list[tuple[str, str]], body: bytes, error: BaseException | None = None) -> "Answer":
        """This instead of what the application began, which is possible until the server has sent something of it."""
        self.start_response(status, headers, (type(error), error, error.__traceback__) if error and self.status else None)
        self.chunks = [] if self.method == "HEAD" else [body]
        return self


def give_up() -> None:
    """Answer where nothing was, and say what is cut: no thread can be stopped, and the process ends now."""
    for answer in list(OPEN.values()):
        answer.warn_of_stop()
        over = answer.whole and answer.inside  # and the application does what comes after it
        answer.broken = bool(answer.status) and getattr(answer.server, "headers_sent", True) and not over
        with suppress(OSError):
            if not (answer.broken or over):
                answer.status, answer.whole = 503, True
                answer.socket.sendall(refuse_unread(503, answer.method, identity=answer.identity, detail=STOPPED))
            answer.socket.shutdown(SHUT_WR)  # what its thread still says is no answer any more
        answer.log()
