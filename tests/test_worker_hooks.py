"""The team's `worker` runs around every worker's life in every server model, and its failure stops the boot."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Render, committed
from running import children, running, until
from services import BUILD, Service, free_port

FRAMEWORKS = {
    "uvicorn": "fastapi",
    "uvicorn-workers": "fastapi",
    "gunicorn-uvicorn": "fastapi",
    "gunicorn-asgi": "django",
    "gunicorn-gthread": "flask",
    "gunicorn-gevent": "flask",
    "gunicorn-sync": "flask",
}
BOOT_FAILURE = 3
PLANTED = """
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


@pytest.fixture(scope="module", params=FRAMEWORKS)
def service(request: pytest.FixtureRequest, render: Render) -> Service:
    answers = {"project_name": "orders-api", "framework": FRAMEWORKS[request.param], "server": request.param, "deploy": []}
    service = committed(render(answers))
    secrets = {"ORDERS_API_SECRET_KEY": "x" * 64} if FRAMEWORKS[request.param] == "django" else {}
    service = Service(service.path, {**service.settings, **secrets, "NOTES": str(service.path / "notes")})
    (service.package() / "worker.py").write_text(PLANTED)
    built = service.run(sys.executable, "-B", "-c", BUILD)
    assert built.returncode == 0, built.stdout
    return service


def noted(notes: Path, word: str) -> list[int]:
    lines = notes.read_text().splitlines() if notes.exists() else []
    return [int(line.split()[1]) for line in lines if line.startswith(f"{word} ")]


def test_one_pair_for_each_worker(service: Service, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with running(service, NOTES=str(notes)) as server:
        workers = children(server.process.pid) or {server.process.pid}
        until(lambda: set(noted(notes, "start")) == workers)
        server.stop(30)

    assert sorted(noted(notes, "start")) == sorted(noted(notes, "stop")) == sorted(workers)


def test_retired_workers_have_theirs_and_killed_ones_do_not(service: Service, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with running(service, NOTES=str(notes)) as server:
        old = children(server.process.pid)
        if not old:
            pytest.skip("uvicorn is one process: nothing is retired")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: set(noted(notes, "stop")) == old, 30)
        until(lambda: children(server.process.pid) == set(noted(notes, "start")) - old, 30)
        killed = min(children(server.process.pid))
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(noted(notes, "start")) == 5, 30)
        server.stop(30)

    assert sorted([*noted(notes, "stop"), killed]) == sorted(noted(notes, "start"))


def test_a_recycled_worker_has_its_pair(service: Service, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with running(service, NOTES=str(notes), SERVER_MAX_REQUESTS="5", SERVER_MAX_REQUESTS_JITTER="0") as server:
        if not children(server.process.pid):
            pytest.skip("uvicorn is one process: nothing is recycled")

        def someone_left() -> bool:
            server.get("/hello/Ada")
            return bool(noted(notes, "stop"))

        until(someone_left, 30)
        server.stop(30)

    assert sorted(noted(notes, "start")) == sorted(noted(notes, "stop"))


def test_a_failure_stops_the_boot_readably(service: Service) -> None:
    done = subprocess.run(
        [str(service.path / ".nox" / "production" / "bin" / "python"), "-m", "lockstep_serve", "serve"],
        env={**os.environ, **service.settings, "PORT": str(free_port()), "SERVER_HOST": "127.0.0.1", "FAIL": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == BOOT_FAILURE, done.stdout + done.stderr
    assert "The service's `worker` cannot start." in done.stdout + done.stderr
    assert "ConnectionError: the pool is out of reach" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_service_that_announces_none_serves(service: Service, tmp_path: Path) -> None:
    older = service.copy(tmp_path / "older")
    older.edit("pyproject.toml", 'worker = "orders_api.worker:worker"\n', "")
    (older.package() / "worker.py").unlink()
    built = older.run(sys.executable, "-B", "-c", BUILD)

    assert built.returncode == 0, built.stdout
    with running(older) as server:
        assert server.get("/hello/Ada")[0] == 200
