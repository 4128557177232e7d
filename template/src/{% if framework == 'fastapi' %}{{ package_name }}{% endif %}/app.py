"""Build the application: the one place where its parts meet."""

from fastapi import FastAPI

from . import NAME, VERSION, errors, health, hello
from .requests import Requests
from .settings import read_settings

__all__ = ["create_app"]


def create_app() -> FastAPI:
    """A new application from the environment; raises SystemExit when a setting is bad.

    A factory, so that each test has an application of its own, and the server decides when it is
    built.
    """
    app = FastAPI(
        title=NAME,
        version=VERSION,
        redirect_slashes=False,  # behind a proxy it would name this server's own scheme and host
        responses=errors.DOCUMENTED,
        exception_handlers=errors.HANDLERS,
    )
    app.state.settings = read_settings()
    app.include_router(hello.router)
    app.include_router(health.router)  # last: routes are tried in this order, and probes are few
    app.add_middleware(Requests)  # keep it last: the last one is the outermost and sees every answer
    return app
