"""Build the application: the one place where its parts meet."""

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from . import NAME, VERSION, errors, health, hello
from .settings import current_settings

__all__ = ["Service", "create_app"]


class Service(FastAPI):
    """Lets GET endpoints answer HEAD, which FastAPI refuses; the server leaves the body out."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await super().__call__(scope, receive, send)


def create_app() -> FastAPI:
    """A new application from the environment; raises SystemExit when a setting is bad.

    A factory, so that each test has an application of its own, and the server decides when it is
    built.
    """
    current_settings.cache_clear()
    current_settings()
    app = Service(
        title=NAME,
        version=VERSION,
        redirect_slashes=False,  # behind a proxy it would name this server's own scheme and host
        responses=errors.DOCUMENTED,
        exception_handlers=errors.HANDLERS,
    )
    app.include_router(hello.router)
    app.include_router(health.router)  # last: routes are tried in this order, and probes are few
    return app
