"""A collector on loopback: it takes OTLP over HTTP, decodes it by OpenTelemetry's own definitions, and keeps it.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from loopback import Quiet, serving

__all__ = ["Collector", "Counted", "Span", "stand_in_collector"]


@dataclass(frozen=True)
class Span:
    """One span; ids are hexadecimal, `parent` is empty for the first one. `resource` is who sent it."""

    name: str
    trace: str
    id: str
    parent: str
    server: bool
    failed: bool
    attributes: dict[str, object]
    resource: dict[str, object]


@dataclass(frozen=True)
class Counted:
    """A point of a metric: the number of what was measured, or a sum."""

    metric: str
    number: float
    attributes: dict[str, object]
    resource: dict[str, object]


@dataclass
class Collector:
    """What came, in the order in which it came; `strange` are paths that no exporter of ours asks for."""

    address: str = ""
    spans: list[Span] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    def requests(self) -> list[Span]:
        """The spans of requests, without what was done for them."""
        return [span for span in self.spans if span.server]

    def answered(self, route: str) -> float:
        """How many requests of a route were measured, by what each worker said last."""
        last = {
            (str(point.resource["service.instance.id"]), str(sorted(point.attributes.items()))): point.number
            for point in self.counted
            if point.metric == "http.server.request.duration" and point.attributes.get("http.route") == route
        }
        return sum(last.values())


@contextmanager
def stand_in_collector() -> Iterator[Collector]:
    """One that has heard nothing yet, until the end of the block."""
    collector = Collector()

    class Handler(Quiet):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                collector.spans += read_spans(body)
            elif self.path == "/v1/metrics":
                collector.counted += read_metrics(body)
            else:
                collector.strange.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Handler) as address:
        collector.address = f"http://{address}"
        yield collector


def read_spans(body: bytes) -> Iterator[Span]:
    for one in ExportTraceServiceRequest.FromString(body).resource_spans:
        for span in (span for scope in one.scope_spans for span in scope.spans):
            yield Span(
                name=span.name,
                trace=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent=span.parent_span_id.hex(),
                server=span.kind == span.SPAN_KIND_SERVER,
                failed=span.status.code == span.status.STATUS_CODE_ERROR,
                attributes=read_attributes(span.attributes),
                resource=read_attributes(one.resource.attributes),
            )


def read_metrics(body: bytes) -> Iterator[Counted]:
    for one in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        resource = read_attributes(one.resource.attributes)
        for metric in (metric for scope in one.scope_metrics for metric in scope.metrics):
            for point in metric.histogram.data_points:
                yield Counted(metric.name, point.count, read_attributes(point.attributes), resource)
            for number in metric.sum.data_points:
                yield Counted(metric.name, number.as_int or number.as_double, read_attributes(number.attributes), resource)


def read_attributes(pairs: Iterable[KeyValue]) -> dict[str, object]:
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in pairs}
