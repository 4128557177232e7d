"""The application with its requests traced, where an endpoint is set; else it is as `asgi` and `wsgi` make it."""

from collections.abc import Awaitable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponseBase

from . import asgi, telemetry, wsgi
from .requests import Answer, Handler
from .start import choose_settings

__all__ = ["Traced", "create_asgi", "create_wsgi"]


def create_asgi() -> asgi.Application:
    """What an ASGI server calls; raises SystemExit when a setting is bad."""
    on = trace_requests()
    made = asgi.create_app()
    if on:
        made.__class__ = Followed
    return made


def create_wsgi() -> WSGIHandler:
    """What a WSGI server calls; raises SystemExit when a setting is bad."""
    trace_requests()
    return wsgi.create_app()


def trace_requests() -> bool:
    """Put `Traced` around all other middleware, before Django builds it, and say whether somebody is to be told."""
    choose_settings()
    on = telemetry.prepare()
    if on and (name := f"{__name__}.{Traced.__name__}") not in settings.MIDDLEWARE:
        settings.MIDDLEWARE.insert(0, name)
    return on


class Traced:
    """Django middleware in both forms, as `requests.Requests` is; a streamed answer's body comes after its end."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Handler) -> None:
        from .spans import Served  # not before it is needed

        self.get_response, self.begin = get_response, Served
        self.asgi = iscoroutinefunction(get_response)
        if self.asgi:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        if self.asgi:
            return self.awaited(request)
        served, status = self.begin(request.method or "", request.scheme or "", request.path, request.META), 0
        try:
            response = cast("HttpResponseBase", self.get_response(request))
            status = response.status_code
            return response
        finally:
            served.end(status, route_of(request))

    async def awaited(self, request: HttpRequest) -> HttpResponseBase:
        served, status = self.begin(request.method or "", request.scheme or "", request.path, request.META), 0
        try:
            response = await cast("Awaitable[HttpResponseBase]", self.get_response(request))
            status = response.status_code
            return response
        finally:
            served.end(status, route_of(request))


class Followed(asgi.Application):
    """The same ASGI application; Django serves each request in a task of its own, which the server does not see."""

    async def __call__(self, scope: dict[str, Any], receive: asgi.Receive, send: asgi.Send) -> None:
        from .exporters import follow_request  # not before it is needed

        follow_request()
        await super().__call__(scope, receive, send)


def route_of(request: HttpRequest) -> str | None:
    """`/hello/<name>`; None where none was found."""
    return f"/{request.resolver_match.route}" if request.resolver_match else None
