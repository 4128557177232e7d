"""Around every view: look at the request's host, complete the answer, refuse methods; id and log are the server's."""

import logging
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TypeVar, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port, validate_host
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from . import errors

__all__ = ["Answer", "Handler", "Requests", "only_reads", "waits_for_nothing"]

Answer = HttpResponseBase | Awaitable[HttpResponseBase]
Handler = Callable[[HttpRequest], Answer]
View = TypeVar("View", bound=Callable[..., HttpResponse])

log = logging.getLogger(__name__)


class Requests:
    """Django middleware in both forms: awaited under ASGI, without a thread, and called under WSGI."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.knows = lru_cache(maxsize=1024)(is_ours)
        self.asgi = iscoroutinefunction(get_response)
        if self.asgi:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        if self.asgi:
            return self.awaited(request)
        if not self.knows(request.META.get("HTTP_HOST", "")) and (refused := wrong_host(request)):
            return complete(request, refused)
        return complete(request, cast("HttpResponseBase", self.get_response(request)))

    async def awaited(self, request: HttpRequest) -> HttpResponseBase:
        if not self.knows(request.META.get("HTTP_HOST", "")) and (refused := wrong_host(request)):
            return complete(request, refused)
        return complete(request, await cast("Awaitable[HttpResponseBase]", self.get_response(request)))


def complete(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The answer as it goes out: with a length, and with a body that explains it when it is an error without one."""
    if isinstance(response, HttpResponse):
        status = response.status_code
        if status >= 400 and not response.content:
            errors.explain(response)
        if status not in (204, 304):  # these have no body, and no length of one
            response.headers.setdefault("Content-Length", str(len(response.content)))
        if request.method == "HEAD":
            response.content = b""  # views answer as to GET; some servers send what they get, some complain
    return response


def is_ours(host: str) -> bool:
    """Whether ALLOWED_HOSTS has this host; looked up once, because nearly every request names the same."""
    return bool(host) and validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def wrong_host(request: HttpRequest) -> HttpResponse | None:
    """The answer to a request for a host that is not this service's; Django itself looks only when it uses the host."""
    if request.path_info.startswith("/health/") or request.path_info == "/version":
        return None  # probes ask by an address, and these answers do not depend on the host
    try:
        request.get_host()
    except DisallowedHost:
        log.warning("refused: %r is not one of ALLOWED_HOSTS", request.headers.get("Host", ""))
        return errors.answer(400, "This service does not answer for the host of this request.")
    return None


def only_reads(view: View) -> View:
    """GET and HEAD; every other method is told so (405), not asked for a CSRF token first (403)."""
    return csrf_exempt(require_safe(view))


def waits_for_nothing(view: View) -> View:
    """Under ASGI such a view is called as it is; for other plain functions Django takes a thread, which costs more."""
    view.waits_for_nothing = True  # type: ignore[attr-defined]  # what `asgi` looks for
    return view
