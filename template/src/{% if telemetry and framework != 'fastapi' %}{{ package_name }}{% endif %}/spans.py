"""One request as OpenTelemetry sees it: a span while it is served, and two metrics.

Names: https://opentelemetry.io/docs/specs/semconv/http/ (stable).
"""

import time
from collections.abc import Mapping
from typing import Any

from opentelemetry import context, metrics, propagate, trace
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import SpanKind, StatusCode

__all__ = ["Served"]

METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)  # seconds

TRACER = trace.get_tracer(__name__)
METER = metrics.get_meter(__name__)
SECONDS = METER.create_histogram(
    "http.server.request.duration",
    unit="s",
    description="Duration of HTTP server requests.",
    explicit_bucket_boundaries_advisory=BUCKETS,
)
ACTIVE = METER.create_up_down_counter(
    "http.server.active_requests", unit="{request}", description="Number of active HTTP server requests."
)


class Headers(Getter[Mapping[str, Any]]):
    """Reads a request's head as WSGI has it, and Django under either interface."""

    def get(self, carrier: Mapping[str, Any], key: str) -> list[str] | None:
        value = carrier.get(f"HTTP_{key.upper().replace('-', '_')}")
        return None if value is None else [value]

    def keys(self, carrier: Mapping[str, Any]) -> list[str]:
        return [name.removeprefix("HTTP_").replace("_", "-").lower() for name in carrier if name.startswith("HTTP_")]


HEADERS = Headers()


class Served:
    """A request from its head to `end`; what runs in between sees it as its parent."""

    def __init__(self, method: str, scheme: str, path: str, environ: Mapping[str, Any]) -> None:
        self.began, self.ended = time.perf_counter(), False
        self.method = method if method in METHODS else "_OTHER"  # clients invent methods
        self.about: dict[str, Any] = {"http.request.method": self.method, "url.scheme": scheme}
        parent = propagate.extract(environ, getter=HEADERS)
        about = {**self.about, "url.path": path}
        self.span = TRACER.start_span(self.named(), parent, SpanKind.SERVER, about)
        self.token = context.attach(trace.set_span_in_context(self.span, parent))
        ACTIVE.add(1, self.about)

    def named(self, route: str = "") -> str:
        """`GET /hello/<name>`: by the route, because clients choose the path."""
        return f"{'HTTP' if self.method == '_OTHER' else self.method} {route}".strip()

    def end(self, status: int, route: str | None) -> None:
        """Once at most; the status is 0 where nothing was answered."""
        if self.ended:
            return
        self.ended = True
        ACTIVE.add(-1, self.about)
        answer: dict[str, Any] = {"http.response.status_code": status} if status else {}
        if route:
            answer["http.route"] = route
            self.span.update_name(self.named(route))
        if not status or status >= 500:
            answer["error.type"] = str(status or "unanswered")
            self.span.set_status(StatusCode.ERROR)
        self.span.set_attributes(answer)
        SECONDS.record(time.perf_counter() - self.began, {**self.about, **answer})
        self.span.end()
        context.detach(self.token)
