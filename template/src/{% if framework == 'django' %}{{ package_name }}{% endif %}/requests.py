"""Around every request: give it an id, look at its host, complete its answer, log its one line."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from . import errors, logs, request_id

__all__ = ["Answer", "Handler", "Requests", "only_reads"]

Answer = HttpResponseBase | Awaitable[HttpResponseBase]
Handler = Callable[[HttpRequest], Answer]
View = TypeVar("View", bound=Callable[..., HttpResponse])

# Probes ask by an address, not by a name; these answers do not depend on the host.
BY_ADDRESS = ("/health/", "/version")

log = logging.getLogger(__name__)


class Requests:
    """Django middleware in both forms: awaited under ASGI, without a thread, and called under WSGI."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.asgi = iscoroutinefunction(get_response)
        if self.asgi:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        return self.awaited(request) if self.asgi else self.called(request)

    def called(self, request: HttpRequest) -> HttpResponseBase:
        with Line(request) as line:
            response = wrong_host(request) or cast("HttpResponseBase", self.get_response(request))
            return line.end(response)

    async def awaited(self, request: HttpRequest) -> HttpResponseBase:
        with Line(request) as line:
            response = wrong_host(request) or await cast("Awaitable[HttpResponseBase]", self.get_response(request))
            return line.end(response)


class Line:
    """The request's id and its line in the log, written also when the client goes away before an answer."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.status = 0  # stays so when nothing was answered
        self.streaming = False

    def __enter__(self) -> "Line":
        self.started = time.perf_counter()
        self.identity = request_id.accept(self.request.headers.get(request_id.HEADER))
        return self

    def end(self, response: HttpResponseBase) -> HttpResponseBase:
        """The answer as it goes out: with the id, and with a body that explains it when it is an error without one."""
        self.status, self.streaming = response.status_code, response.streaming
        if isinstance(response, HttpResponse):
            if self.status >= 400 and not response.content:
                errors.explain(response)
            if self.status not in (204, 304):  # these have no body, and no length of one
                response.headers.setdefault("Content-Length", str(len(response.content)))
            if self.request.method == "HEAD":
                response.content = b""  # views answer as to GET; some servers send what they get, some complain
        response[request_id.HEADER] = self.identity
        return response

    def __exit__(self, *_: object) -> None:
        logs.access(self.request.method or "", self.request.path, self.status, self.started)
        if not self.streaming:  # a stream is still to be sent, and a failure in it belongs to this request
            request_id.current.set(None)


def wrong_host(request: HttpRequest) -> HttpResponse | None:
    """The answer to a request for a host that is not this service's; Django itself looks only when it uses the host."""
    if request.path.startswith(BY_ADDRESS):
        return None
    try:
        request.get_host()
    except DisallowedHost:
        log.warning("refused: %r is not one of ALLOWED_HOSTS", request.headers.get("Host", ""))
        return errors.answer(400, "This service does not answer for the host of this request.")
    return None


def only_reads(view: View) -> View:
    """GET and HEAD; every other method is told so (405), not asked for a CSRF token first (403)."""
    return csrf_exempt(require_safe(view))
