"""A collector hears of every request, the log names its trace, and who has no endpoint has none of it."""

import sys
from pathlib import Path

import pytest

from conftest import Render, committed, read_answers
from running import children, running, until
from services import BUILD, PATIENCE, Service, free_port
from stand_in_collector import Collector, Span, stand_in_collector

ROUTES = {
    "fastapi-gunicorn-asgi-traces": "/hello/{name}",
    "flask-gunicorn-gthread-traces": "/hello/<name>",
    "django-gunicorn-asgi-traces": "/hello/<name>",
}
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CALLED = f"traceparent: 00-{TRACE}-{PARENT}-01"
# What an interpreter of the production set has imported after `worker` was entered and left.
IMPORTED = """
import sys
from lockstep_serve.application import build, start_logging
from lockstep_serve.worker_life import enter_worker, leave_worker
start_logging(); build(); enter_worker(); leave_worker()
print(*(name for name in sys.modules if name.startswith("opentelemetry.sdk") or name.startswith("requests")))
"""


def installed(folder: Path) -> Service:
    """With its production set built."""
    service = Service(committed(folder).path, {"ORDERS_API_SECRET_KEY": "x" * 64})  # Django asks for one
    built = service.run(sys.executable, "-B", "-c", BUILD)
    assert built.returncode == 0, built.stdout
    return service


@pytest.fixture(scope="module", params=ROUTES)
def service(request: pytest.FixtureRequest, render: Render) -> tuple[Service, str]:
    return installed(render(read_answers(request.param))), ROUTES[request.param]


def sent_to(collector: Collector) -> dict[str, str]:
    """Nothing is sent before a worker ends, unless a batch is full: what a test sees is what the end has sent."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
        "OTEL_BSP_SCHEDULE_DELAY": str(PATIENCE * 1000),
        "OTEL_METRIC_EXPORT_INTERVAL": str(PATIENCE * 1000),
    }


def one_of(collector: Collector, path: str) -> Span:
    [found] = [span for span in collector.requests() if span.attributes.get("url.path") == path]
    return found


def test_a_request_is_a_span_and_a_line_of_one_trace(service: tuple[Service, str]) -> None:
    made, route = service
    with stand_in_collector() as collector, running(made, **sent_to(collector)) as server:
        assert server.get("/hello/Ada?token=secret", CALLED)[0] == 200
        assert server.get("/hello/Bob")[0] == 200
        assert server.get("/nowhere")[0] == 404
        server.stop()
        logged = {
            str(line["path"]): line["trace_id"] for line in server.lines() if line["logger"] == "access" and "trace_id" in line
        }

    span = one_of(collector, "/hello/Ada")
    assert (span.name, span.trace, span.parent, span.failed) == (f"GET {route}", TRACE, PARENT, False)
    assert span.attributes["http.route"] == route
    assert span.attributes["http.response.status_code"] == 200
    assert (span.resource["service.name"], span.resource["service.version"]) == ("orders-api", "0.1.0")
    assert not [value for one in collector.spans for value in one.attributes.values() if "secret" in str(value)]

    assert logged == {path: one_of(collector, path).trace for path in ("/hello/Ada", "/hello/Bob", "/nowhere")}
    assert one_of(collector, "/hello/Bob").trace != TRACE
    assert one_of(collector, "/nowhere").name == "GET"
    assert not [span for span in collector.requests() if "/health/" in str(span.attributes["url.path"])]


def test_workers_that_are_replaced_and_that_stop_send_what_they_have(service: tuple[Service, str]) -> None:
    made, route = service
    with stand_in_collector() as collector, running(made, **sent_to(collector)) as server:
        for _ in range(20):
            assert server.get("/hello/Ada")[0] == 200
        first = children(server.process.pid)
        server.process.send_signal(1)  # SIGHUP
        until(lambda: len(now := children(server.process.pid)) == 2 and not now & first)
        for _ in range(10):
            assert server.get("/hello/Ada")[0] == 200
        server.stop()

    assert len([span for span in collector.requests() if span.name == f"GET {route}"]) == 30
    assert collector.answered(route) == 30
    assert not collector.strange


@pytest.mark.parametrize(("left_out", "value"), [("METRICS", "none"), ("TRACES", "None")])
def test_a_signal_without_an_exporter_is_not_sent(service: tuple[Service, str], left_out: str, value: str) -> None:
    made, _ = service
    with stand_in_collector() as collector:
        send_one_request(made, **sent_to(collector), **{f"OTEL_{left_out}_EXPORTER": value})

    assert bool(collector.spans) is (left_out != "TRACES")
    assert bool(collector.counted) is (left_out != "METRICS")


@pytest.mark.parametrize("signal", ["TRACES", "METRICS"])
def test_an_endpoint_of_one_signal_sends_that_one(service: tuple[Service, str], signal: str) -> None:
    made, _ = service
    with stand_in_collector() as collector:
        settings = {**sent_to(collector), "OTEL_EXPORTER_OTLP_ENDPOINT": ""}
        address = f"{collector.address}/v1/{signal.lower()}"
        send_one_request(made, **settings, **{f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT": address})

    assert bool(collector.spans) is (signal == "TRACES")
    assert bool(collector.counted) is (signal == "METRICS")


def test_with_no_exporter_nothing_is_imported(service: tuple[Service, str]) -> None:
    made, _ = service
    none = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
    done = made.production("-c", IMPORTED, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1", **none)

    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == ""


def send_one_request(made: Service, **settings: str) -> None:
    """Serve one request and end, by which everything is sent."""
    with running(made, **settings) as server:
        assert server.get("/hello/Ada")[0] == 200
        server.stop()
        loud = [line for line in server.lines() if str(line["logger"]).startswith("opentelemetry")]

    assert loud == []


def test_a_collector_that_is_away_holds_up_nothing(service: tuple[Service, str]) -> None:
    made, _ = service
    with running(made, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}") as server:
        assert server.get("/hello/Ada")[0] == 200
        server.stop()

        assert server.process.returncode == 0
        assert not [line for line in server.lines() if line["logger"] == "gunicorn.error" and line["level"] != "INFO"]


def test_without_an_endpoint_nothing_is_imported(service: tuple[Service, str]) -> None:
    made, _ = service
    done = made.production("-c", IMPORTED)

    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "Set an address such as http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318", "Set an address such as http://collector:4318/v1/traces"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "Unset it, and name the collector's port for HTTP"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc", "Unset it, and name the collector's port for HTTP"),
        ("FASTAPI_OTEL_AUTO_CONFIGURE", "true", "each request would be sent twice"),
    ],
)
def test_a_variable_that_loses_everything_stops_the_boot(render: Render, variable: str, value: str, remedy: str) -> None:
    made = installed(render(read_answers("fastapi-gunicorn-asgi-traces")))
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", variable: value}
    done = made.production("-m", "lockstep_serve", "rehearse", **settings)

    assert done.returncode == 3
    assert f"  {variable}   {value}" in done.stdout
    assert remedy in done.stdout


def test_who_did_not_ask_has_none_of_it(render: Render) -> None:
    folder = render({"project_name": "orders-api", "framework": "flask", "server": "gunicorn-sync", "deploy": []})

    assert not list(folder.glob("src/*/telemetry.py"))
    assert "opentelemetry" not in (folder / "uv.lock").read_text()
    assert "opentelemetry" not in (folder / "pyproject.toml").read_text()
