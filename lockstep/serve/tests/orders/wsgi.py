"""The service for models without an event loop."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from lockstep_serve import draining, identity

from .hello import GREETING
from .report import loaded_modules

__all__ = ["create_app"]


def create_app() -> Any:
    """The application."""
    return answer


def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """One request."""
    path = environ["PATH_INFO"]
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return stream()
    status, text = "200 OK", ""
    if path.startswith("/hello/"):
        text = f"{GREETING}, {path.removeprefix('/hello/')}!"
    elif path == "/health/ready":
        status, text = ("503 Service Unavailable", "draining") if draining() else ("200 OK", "ready")
    elif path == "/version":
        text = identity().environment
    elif path == "/modules":
        text = json.dumps(loaded_modules())
    elif path == "/said":
        headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        said = {"client": environ["REMOTE_ADDR"], "scheme": environ["wsgi.url_scheme"], "root": environ["SCRIPT_NAME"]}
        text = json.dumps({**said, "headers": headers})
    elif path == "/body":
        text = str(len(environ["wsgi.input"].read()))
    elif path == "/hang":
        time.sleep(60)
    else:
        status, text = "404 Not Found", "not here"
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(text.encode())))])
    return [text.encode()]


def stream() -> Iterator[bytes]:
    """An answer that never ends."""
    while True:
        yield b"."
        time.sleep(0.05)
