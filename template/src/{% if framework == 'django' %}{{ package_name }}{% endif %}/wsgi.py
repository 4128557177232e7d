"""The application for WSGI servers."""

import sys
from typing import Any

from django.core.handlers.wsgi import LimitedStream, WSGIHandler, WSGIRequest

from .start import set_up

__all__ = ["Application", "create_app"]


class Request(WSGIRequest):
    """Django's, which takes a body that comes in chunks, without a length, for an empty one."""

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            self._stream = LimitedStream(environ["wsgi.input"], sys.maxsize)  # type: ignore[assignment]  # as Django does


class Application(WSGIHandler):
    """Django's, with that."""

    request_class = Request


def create_app() -> Application:
    """A new application from the environment; raises SystemExit when a setting is bad."""
    set_up()
    return Application()
