"""The application for ASGI servers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.core.handlers.asgi import ASGIHandler

from .start import set_up

__all__ = ["Application", "create_app"]

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Application(ASGIHandler):
    """Django's, which knows nothing but HTTP and meets the server's other calls with exceptions."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await super().__call__(scope, receive, send)
        elif scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
        else:
            await send({"type": "websocket.close"})


def create_app() -> Application:
    """A new application from the environment; raises SystemExit when a setting is bad."""
    set_up()
    return Application()
