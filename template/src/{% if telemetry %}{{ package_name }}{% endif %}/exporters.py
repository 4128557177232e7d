"""What sends traces and metrics while a worker lives, and adds the trace's id to what it logs."""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Thread
from typing import Any
from uuid import uuid4

from lockstep_serve import identity, request_id
from lockstep_serve.access import Lines
from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from . import NAME, VERSION

__all__ = ["exporting", "follow_request"]

FLUSH_SECONDS = 3.0  # a collector that is away must not hold up a worker that ends
PROBES = ("/health/live", "/health/ready")  # else they would be most of what an idle service sends


@contextmanager
def exporting(signals: Collection[str]) -> Iterator[None]:
    """Send TRACES, METRICS or both from now on; at the end what is left, for FLUSH_SECONDS at most."""
    resource = describe()
    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    tracers.sampler = Requests(tracers.sampler)
    if "TRACES" in signals:  # without, the log still names the trace
        tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    readers = [PeriodicExportingMetricReader(OTLPMetricExporter())] if "METRICS" in signals else []
    meters = MeterProvider(readers, resource, shutdown_on_exit=False)
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(meters)
    try:
        with correlated():
            yield
    finally:
        ends = [Thread(target=provider.shutdown, daemon=True) for provider in (tracers, meters)]
        for end in ends:
            end.start()
        for end in ends:
            end.join(FLUSH_SECONDS)


def describe() -> Resource:
    """What runs, as `GET /version` says it; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win."""
    it = identity()
    known = {
        "service.name": NAME,
        "service.version": VERSION,
        "service.instance.id": str(uuid4()),  # a worker: each counts by itself
        "vcs.ref.head.revision": it.commit,
        "lockstep.environment": it.environment,
    }
    return Resource.create(known).merge(OTELResourceDetector().detect())


@dataclass
class Followed:
    """A request and its trace; both are empty until they are known."""

    request: str | None = None
    trace: str = ""


FOLLOWED: ContextVar[Followed | None] = ContextVar("followed", default=None)


def follow_request() -> Followed:
    """Of the request being served: made here, unless whoever is around it has done so in its own task."""
    found = FOLLOWED.get()
    if found is None or found.request != request_id():
        found = Followed(request_id())
        FOLLOWED.set(found)
    return found


class Requests(Sampler):
    """Decides as the variables say, but for probes; drops queries: tokens and personal data travel in them."""

    def __init__(self, chosen: Sampler) -> None:
        self.chosen = chosen

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if kind is SpanKind.SERVER:
            attributes = {key: value for key, value in (attributes or {}).items() if key != "url.query"}
            if str(attributes.get("url.path", "")).endswith(PROBES):
                return SamplingResult(Decision.DROP)
            follow_request().trace = f"{trace_id:032x}"
        return self.chosen.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"requests, {self.chosen.get_description()}"


class TracedLines(Lines):
    """The lines of requests with their trace: they are written after its span has ended."""

    def write_line(self, line: str) -> None:
        found = follow_request().trace
        super().write_line(line[:-2] + f', "trace_id": "{found}"}}\n' if found else line)


@contextmanager
def correlated() -> Iterator[None]:
    """Add `trace_id` and `span_id` to what is logged, by whomever."""
    make = logging.getLogRecordFactory()

    def make_traced(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = make(*arguments, **named)
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            record.trace_id, record.span_id = f"{span.trace_id:032x}", f"{span.span_id:016x}"
        elif request_id() and (found := follow_request().trace):
            record.trace_id = found
        return record

    access = logging.getLogger("access")
    before = access.handlers[:]
    access.handlers[:] = [traced(handler) for handler in before]
    logging.setLogRecordFactory(make_traced)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)
        access.handlers[:] = before


def traced(handler: logging.Handler) -> logging.Handler:
    """The same handler, or one that writes the trace to the lines that are put together at once."""
    return TracedLines(handler.stream) if type(handler) is Lines else handler
