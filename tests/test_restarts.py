"""Restarts lose nothing, counted by a client that writes down every request; what would lose one is found, by name."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conftest import Render, committed
from running import children, running, until
from services import Service, free_port

MODELS = {
    "uvicorn": "fastapi",
    "uvicorn-workers": "fastapi",
    "gunicorn-uvicorn": "fastapi",
    "gunicorn-asgi": "fastapi",
    "gunicorn-sync": "flask",
    "gunicorn-gthread": "flask",
    "gunicorn-gevent": "flask",
}
ALWAYS = {"hand-over", "stop"}
WITH_WORKERS = ALWAYS | {"reload", "recycle", "killed worker"}
UNDER_GUNICORN = WITH_WORKERS | {"upgrade"}


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    """Services by server model, each made when it is first asked for."""
    return {}


@pytest.fixture
def service(request: pytest.FixtureRequest, services: dict[str, Service], render: Render) -> Service:
    """The service of the server model that the test is for, with its production set built."""
    name = str(request.param)
    if name not in services:
        answers = {"project_name": "orders-api", "framework": MODELS[name], "server": name, "deploy": [], "ci": "none"}
        services[name] = committed(render(answers))
        built = services[name].run("uv", "run", "--quiet", "noxfile.py", "-s", "prove")
        assert built.returncode == 0, built.stdout
    return services[name]


def of(*models: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("service", models, indirect=True)


@contextmanager
def planted(service: Service, name: str, old: str, new: str) -> Iterator[None]:
    """A file of the production set, edited for a while; `new` is appended where `old` is empty."""
    path = service.site_packages() / name
    before = path.read_text()
    assert old in before, f"{name} has no {old!r}"
    path.write_text(before.replace(old, new, 1) if old else f"{before}\n\n{new}\n")
    try:
        yield
    finally:
        path.write_text(before)


def failed_step(service: Service) -> str:
    """What prove says of the step that failed."""
    done = service.production("-m", "lockstep", "prove")
    assert done.returncode == 1, done.stdout
    return done.stdout.partition("The service does not prove itself: ")[2]


def restarted(service: Service, *kinds: str) -> subprocess.CompletedProcess[str]:
    return service.production("-m", "lockstep", "restarts", *kinds, "--rounds", "1", "--seconds", "0.3", "--json", "seen.json")


@of(*MODELS)
def test_no_restart_loses_a_request(service: Service) -> None:
    """Lost requests are counted; how long one waits is for `bench`, because a busy machine makes anyone wait."""
    done = restarted(service)
    seen = json.loads((service.path / "seen.json").read_text())

    trials = {kind: trial for kind, [trial] in seen["restarts"].items()}
    expected = ALWAYS if seen["model"] == "uvicorn" else WITH_WORKERS if seen["model"] == "uvicorn-workers" else UNDER_GUNICORN
    assert set(trials) == expected
    assert {kind: trial["lost"] for kind, trial in trials.items() if trial["lost"] and kind != "killed worker"} == {}
    assert all(trial["sent"] > 50 for trial in trials.values()), done.stdout
    assert done.returncode == 0 or any(slow in done.stdout for slow in ("somebody waited", "the server took")), done.stdout


@of(*MODELS)
def test_a_stop_that_comes_while_it_starts_is_obeyed(service: Service) -> None:
    for seconds in (0.3, 0.6, 0.9, 1.2):
        process = subprocess.Popen(
            [str(service.path / ".nox" / "production" / "bin" / "python"), "-m", "lockstep_serve", "serve"],
            env={**os.environ, "PORT": str(free_port()), "SERVER_DRAIN_LEAD": "0", "WEB_CONCURRENCY": "2"},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            time.sleep(seconds)  # the moment is what varies: before, while and after its workers import the service
            process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            process.wait(15)

            assert time.monotonic() - started < 10, f"told {seconds} s after its start"  # the drain is 20 s
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@of(*(model for model in MODELS if model != "uvicorn"))
def test_workers_that_wear_out_before_anyone_looks_are_replaced(service: Service) -> None:
    with running(service, SERVER_MAX_REQUESTS="1", SERVER_MAX_REQUESTS_JITTER="0") as server:
        first = children(server.process.pid)

        def asked_until_new() -> bool:
            assert {server.get("/hello/Ada")[0] for _ in range(20)} == {200}
            return not children(server.process.pid) & first

        until(asked_until_new)


@of("uvicorn")
def test_a_protocol_that_closes_kept_connections_is_found(service: Service) -> None:
    with planted(service, "lockstep/serve/uvicorn_options.py", '"http": protocol()', '"http": "auto"'):
        done = restarted(service, "hand-over")

    assert done.returncode == 1
    assert "Restarts of this service lose requests" in done.stdout
    assert "stale" in done.stdout


EXITING_HANDLER = """
import os
import signal

build = create_app


def create_app():
    app = build()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    return app
"""


@of("uvicorn", "gunicorn-gthread")
def test_a_handler_that_exits_is_found(service: Service) -> None:
    with planted(service, "orders_api/app.py", "", EXITING_HANDLER):
        done = restarted(service, "hand-over", "stop")

    assert done.returncode == 1
    assert done.stdout.count("requests were lost") == 2, done.stdout


@of("gunicorn-gthread")
def test_a_worker_that_is_worn_and_just_goes_is_found(service: Service) -> None:
    with planted(service, "lockstep/serve/lifetime.py", "        _worn()", "        __import__('os')._exit(0)"):
        said = failed_step(service)

    assert said.startswith("recycling loses nothing"), said


@of("gunicorn-gthread")
def test_a_reload_without_a_rehearsal_is_found(service: Service) -> None:
    hasty = "Arbiter.rehearsed = lambda *_: True\nArbiter.reload = GunicornArbiter.reload\n"
    with planted(service, "lockstep/serve/gunicorn_arbiter.py", "", hasty):
        said = failed_step(service)

    assert said.startswith("a broken reload changes nothing"), said


SLOW_AFTER_THE_FIRST = """
import pathlib
import time

before = pathlib.Path("served-before")  # each server of prove has a folder of its own
if before.exists():
    time.sleep(7)
before.touch()
"""


@of("gunicorn-gthread")
def test_a_worker_that_is_long_in_coming_back_is_found(service: Service) -> None:
    with planted(service, "orders_api/app.py", "", SLOW_AFTER_THE_FIRST):
        said = failed_step(service)

    assert said.startswith("a killed worker comes back"), said
    assert "the server took" in said


@of("gunicorn-gthread")
def test_a_model_that_promises_to_stand_slow_clients_and_does_not_is_found(service: Service) -> None:
    with planted(service, "lockstep/serve/model.py", 'frozenset({"overlap"', 'frozenset({"slow clients", "overlap"'):
        said = failed_step(service)

    assert said.startswith("stands slow clients")
    assert "of 20 requests were answered beside 50 slow clients" in said


@of("uvicorn")
def test_a_server_that_lets_everybody_in_is_found(service: Service) -> None:
    with planted(service, "lockstep/serve/gate.py", "if self.in_flight >= self.room and", "if False and"):
        said = failed_step(service)

    assert said.startswith("refuses what is too much")


@of("uvicorn")
def test_a_blocking_call_in_an_asynchronous_handler_is_found_with_its_line(service: Service) -> None:
    with planted(
        service, "orders_api/hello.py", "    return Greeting(", "    __import__('time').sleep(0.3)\n    return Greeting("
    ):
        said = failed_step(service)

    assert said.startswith("answers its own requests")
    assert "GET /hello/Ada holds the event loop for 3" in said
    assert "hello.py:" in said
    assert "sleep(0.3)" in said


@of("uvicorn")
def test_an_event_loop_that_nobody_watches_is_found(service: Service) -> None:
    with planted(service, "lockstep/serve/gate.py", "loop_watch.begin(", "(lambda *_: None)("):
        said = failed_step(service)

    assert said.startswith("names who holds the event loop")


@of("uvicorn", "gunicorn-gthread")
def test_a_request_of_its_own_that_fails_is_found(service: Service) -> None:
    with planted(service, "orders_api/hello.py", '"""Greet by name."""', "raise KeyError(name)"):
        said = failed_step(service)

    assert said.startswith("answers its own requests")
    assert "GET /hello/Ada answered 500" in said


@of("gunicorn-gthread")
def test_a_restart_that_the_model_does_not_have_is_refused(service: Service) -> None:
    done = restarted(service, "reload", "reboot")

    assert done.returncode == 1
    assert "gunicorn-gthread has no restart of this kind.\n\n  asked for   reboot" in done.stdout


@of("gunicorn-gthread")
def test_a_server_that_does_not_start_is_not_counted_as_one_that_loses_nothing(service: Service) -> None:
    with planted(service, "orders_api/app.py", "", "import no_such_module"):
        done = restarted(service, "stop")

    assert done.returncode == 2
    assert "The server does not become ready" in done.stdout
    assert "No module named 'no_such_module'" in done.stdout
