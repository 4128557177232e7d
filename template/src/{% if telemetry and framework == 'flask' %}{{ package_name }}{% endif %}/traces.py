"""The application with its requests traced, where an endpoint is set; else it is as `app` makes it."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Flask

from . import app, telemetry

__all__ = ["create_app"]


def create_app() -> Flask:
    """What the server calls; raises SystemExit when a setting is bad."""
    made = app.create_app()
    if telemetry.prepare():
        made.wsgi_app = Traced(made.wsgi_app)  # type: ignore[method-assign]  # as Flask's documentation does it
    return made


class Traced:
    """The same WSGI application; a request ends when the server closes its answer."""

    def __init__(self, application: Any) -> None:
        from .spans import Served  # not before it is needed

        self.application, self.begin = application, Served

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")  # WSGI carries bytes in it
        served = self.begin(environ["REQUEST_METHOD"], environ["wsgi.url_scheme"], path, environ)
        status, route = 0, None

        def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status, route
            status, route = int(line[:3]), route_of(environ)  # later Flask has taken the request away
            return start_response(line, headers, exc_info) if exc_info else start_response(line, headers)

        def end() -> None:
            served.end(status, route)

        try:
            chunks = self.application(environ, start)
        except BaseException:
            end()
            raise
        if isinstance(chunks, environ.get("wsgi.file_wrapper", ())):  # the server leaves such a file to the kernel
            end()
            return chunks  # type: ignore[no-any-return]
        return Body(chunks, end)


class Body:
    """An answer's body, and what comes after it."""

    def __init__(self, chunks: Iterable[bytes], end: Any) -> None:
        self.chunks, self.end = chunks, end

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.chunks)

    def close(self) -> None:
        try:
            if close := getattr(self.chunks, "close", None):
                close()
        finally:
            self.end()


def route_of(environ: dict[str, Any]) -> str | None:
    """`/hello/<name>`; None where none was found."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return rule.rule if rule else None
