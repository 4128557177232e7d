"""A rendered application serves: its lines, its settings, what it holds around each worker, and what is not installed."""

import json
import os
import signal
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from conftest import Render, read_answers
from running import Running, children, running, until
from services import BUILD, PATIENCE, Service, free_port, until_ready

# Each framework once, and in all both interfaces and both managers.
SERVED = ("fastapi-uvicorn-workers", "flask-gunicorn-gthread", "django-gunicorn-asgi")
BOOT_FAILURE = 3
WORKER = """
import os
from contextlib import contextmanager


def note(word):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{word} {os.getpid()}\\n")


@contextmanager
def worker():
    if os.environ.get("FAIL"):
        raise ConnectionError("the pool is out of reach")
    note("start")
    yield
    note("stop")
"""


@pytest.fixture(scope="module", params=SERVED)
def service(request: pytest.FixtureRequest, render: Render, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service with its production set, and a `worker` that writes down its beginning and its end."""
    answers = read_answers(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    copy = Service(render(answers), {}).copy(folder / "service")
    secrets = {"ORDERS_API_SECRET_KEY": "x" * 64} if answers["framework"] == "django" else {}
    service = Service(copy.path, {**secrets, "NOTES": str(folder / "notes"), "SERVER_DRAIN_LEAD": "0"})
    (service.package() / "worker.py").write_text(WORKER)
    built = service.run(sys.executable, "-B", "-c", BUILD)
    assert built.returncode == 0, built.stdout
    return service


@pytest.fixture(scope="module")
def server(service: Service) -> Iterator[Running]:
    """One server for what leaves it as it was."""
    with running(service) as server:
        yield server


def refused(service: Service, **settings: str) -> subprocess.CompletedProcess[str]:
    """How a server ended that could not start."""
    done = service.production("-m", "lockstep_serve", "serve", **{"PORT": str(free_port()), **settings})
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout
    return done


def notes(file: Path, word: str) -> list[int]:
    """The processes that wrote this word."""
    lines = file.read_text().splitlines() if file.exists() else []
    return sorted(int(line.split()[1]) for line in lines if line.startswith(f"{word} "))


def test_a_request_has_one_line_and_every_line_is_json(server: Running) -> None:
    assert server.get("/hello/Once", "X-Request-ID: one-and-only")[0] == 200
    assert server.get("/hello/Then")[0] == 200
    until(lambda: any(line.get("path") == "/hello/Then" for line in server.lines()))

    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert [(line["status"], line["request_id"]) for line in lines if line.get("path") == "/hello/Once"] == [
        (200, "one-and-only")
    ]
    assert all({"timestamp", "level", "logger", "message"} <= set(line) for line in lines)


def test_version_names_the_environment_that_the_boot_line_names(server: Running) -> None:
    status, text = server.get("/version")

    assert status == 200
    assert json.loads(text.rpartition("\r\n\r\n")[2])["environment"] == server.boot()["environment"]


@pytest.mark.parametrize("module", ["lockstep_tool", "pytest", "mypy", "pip"])
def test_production_has_nothing_of_the_tool_and_of_developers(service: Service, module: str) -> None:
    assert "ModuleNotFoundError" in service.production("-c", f"import {module}").stdout


def test_a_setting_of_the_application_that_is_wrong_is_named(service: Service) -> None:
    assert "ORDERS_API_LOG_LEVEL" in refused(service, ORDERS_API_LOG_LEVEL="loud").stdout


def test_an_application_that_cannot_be_imported_is_named(service: Service) -> None:
    stated = tomllib.loads((service.path / "pyproject.toml").read_text())["project"]["entry-points"]["lockstep_serve"]["app"]
    module = service.site_packages() / "orders_api" / f"{stated.partition(':')[0].rpartition('.')[2]}.py"
    before = module.read_text()
    module.write_text(f"{before}\nimport no_such_module\n")
    try:
        done = refused(service)
    finally:
        module.write_text(before)

    assert done.returncode == BOOT_FAILURE
    assert "No module named 'no_such_module'" in done.stdout


def test_the_worker_surrounds_each_process_and_its_failure_stops_the_boot(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "notes"
    with running(service, NOTES=str(file)) as server:
        until(lambda: len(children(server.process.pid)) == 2)
        workers = sorted(children(server.process.pid))
        until(lambda: notes(file, "start") == workers)
        server.stop()
    failed = refused(service, FAIL="1")

    assert notes(file, "start") == notes(file, "stop") == workers
    assert failed.returncode == BOOT_FAILURE
    assert "The service's `worker` cannot start." in failed.stdout
    assert "ConnectionError: the pool is out of reach" in failed.stdout


# Framework → where its first page gives another answer: a redirect to an address that the framework makes.
REDIRECTS = {
    "fastapi": ("    return Welcome(", "    return responses.RedirectResponse(request.url_for('hello', name='Ada').path)\n"),
    "flask": ('    return {"service"', "    return flask.redirect(flask.url_for('hello.hello', name='Ada'))\n"),
    "django": ("    icon = ", "    return shortcuts.redirect(hello, 'Ada')\n"),
}
IMPORTS = {"fastapi": "from fastapi import responses", "flask": "import flask", "django": "from django import shortcuts"}


def test_below_a_path_every_address_that_it_makes_begins_with_it(service: Service) -> None:
    framework = tomllib.loads((service.path / "pyproject.toml").read_text())["project"]["dependencies"]
    framework = next(name for name in REDIRECTS if any(line.startswith(name) for line in framework))
    module = service.site_packages() / "orders_api" / "hello.py"
    before = module.read_text()
    first, redirect = REDIRECTS[framework]
    assert first in before
    with running(service, SERVER_ROOT_PATH="/orders", ORDERS_API_API_DOCS="true") as server:
        page = server.get("/orders/")[1].rpartition("\r\n\r\n")[2]
        for found in (json.loads(page)[name] for name in ("docs", "icon") if f'"{name}"' in page):
            assert found.startswith("/orders/")
            assert server.get(found)[0] == server.get(found.removeprefix("/orders"))[0] == 200
        assert framework != "fastapi" or "/orders/openapi.json" in server.get("/orders/docs")[1]
    try:
        module.write_text(f"{IMPORTS[framework]}\n{before.replace(first, redirect + first)}")
        with running(service, SERVER_ROOT_PATH="/orders") as server:
            status, text = server.get("/orders/")
    finally:
        module.write_text(before)

    assert status in {302, 307}
    assert "\r\nlocation: /orders/hello/ada\r\n" in text.lower()


def greeting(port: int) -> str:
    """What the server says, or nothing while it starts again."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/hello/you", timeout=PATIENCE) as answer:
            return str(json.load(answer)["message"])
    except OSError:
        return ""


def test_dev_serves_the_checkout_and_starts_again_on_a_change(service: Service) -> None:
    port, settings = free_port(), service.package() / "settings.py"
    before = settings.read_text()
    environment: Mapping[str, str] = {**os.environ, **service.settings, "PORT": str(port), "SERVER_HOST": "127.0.0.1"}
    command = [sys.executable, "-m", "lockstep_tool", "dev"]
    process = subprocess.Popen(
        command, cwd=service.path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        until_ready(f"http://127.0.0.1:{port}")
        assert "Hello, you" in greeting(port)
        settings.write_text(before.replace('"Hello"', '"Servus"'))
        assert settings.read_text() != before
        until(lambda: "Servus, you" in greeting(port))
    finally:
        settings.write_text(before)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
