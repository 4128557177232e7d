"""Prometheus hears the same numbers whoever answers, and they never go back; who did not ask for this has none of it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Render, committed, read_answers
from running import Running, children, running, until
from services import BUILD, Service

NAMES = ("fastapi-gunicorn-uvicorn-metrics", "flask-gunicorn-gthread-metrics")


def installed(folder: Path) -> Service:
    """With its production set built."""
    service = committed(folder)
    built = service.run(sys.executable, "-B", "-c", BUILD)
    assert built.returncode == 0, built.stdout
    return service


@pytest.fixture(scope="module", params=NAMES)
def service(request: pytest.FixtureRequest, render: Render) -> Service:
    return installed(render(read_answers(request.param)))


def counted(server: Running) -> int:
    """What /metrics says of all that was answered 200."""
    status, text = server.get("/metrics")
    assert status == 200, text
    return int(sum(float(n) for n in re.findall(r'^http_requests_total\{.*status="200".*\} (\S+)', text, re.M)))


def ask(server: Running, times: int) -> None:
    for _ in range(times):
        assert server.get("/hello/Ada")[0] == 200


def renewed(server: Running, act: Callable[[], object], old: set[int]) -> None:
    """Wait until none of the old workers is left and two new ones serve, asking all the while."""
    act()

    def new() -> bool:
        now = children(server.process.pid)
        return len(now) == 2 and not now & old

    until(new)


def test_everyone_says_the_same_and_never_less(service: Service) -> None:
    with running(service) as server:
        ask(server, 50)
        assert {counted(server) for _ in range(10)} == {50}

        renewed(server, lambda: server.process.send_signal(signal.SIGHUP), children(server.process.pid))
        assert {counted(server) for _ in range(10)} == {50}

        killed = min(children(server.process.pid))
        renewed_one = children(server.process.pid) - {killed}
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(children(server.process.pid) - {killed}) == 2 > len(renewed_one))
        ask(server, 5)
        assert {counted(server) for _ in range(10)} == {55}


def test_recycled_workers_leave_their_numbers_and_nothing_else(service: Service) -> None:
    with running(service, SERVER_MAX_REQUESTS="20", SERVER_MAX_REQUESTS_JITTER="0") as server:
        folder = directory_of(server)
        first, total = children(server.process.pid), 0

        def asked_until_new() -> bool:
            nonlocal total
            ask(server, 10)
            total += 10
            before = counted(server)
            assert before == total
            return not children(server.process.pid) & first

        until(asked_until_new)
        ask(server, 1)
        assert {counted(server) for _ in range(5)} == {total + 1}

        living = {str(pid) for pid in children(server.process.pid)} | {"0"}

        def only_the_living() -> bool:
            counted(server)
            now = {str(pid) for pid in children(server.process.pid)} | {"0"}
            return {path.stem.rpartition("_")[2] for path in folder.glob("*.db")} <= living | now

        until(only_the_living)
        server.stop()

    assert not folder.exists()


def directories(server: Running) -> list[Path]:
    """The directories of metrics that its manager holds."""
    held = [Path(os.readlink(link)) for link in Path(f"/proc/{server.process.pid}/fd").iterdir() if link.is_symlink()]
    return [path for path in held if path.name.startswith("lockstep-metrics-")]


def directory_of(server: Running) -> Path:
    [found] = directories(server)
    return found


def in_flight(server: Running) -> str:
    found = re.search(r"^http_requests_in_flight (\S+)$", server.get("/metrics")[1], re.M)
    assert found
    return found[1]


def test_requests_in_flight_of_a_killed_worker_are_forgotten(service: Service) -> None:
    with running(service) as server:
        text = server.get("/metrics")[1]
        assert "# TYPE http_request_duration_seconds histogram" in text
        assert in_flight(server) == "0.0"

        folder = directory_of(server)
        gone = subprocess.Popen(["true"])
        gone.wait()
        shutil.copy(next(folder.glob("gauge_livesum_*.db")), folder / f"gauge_livesum_{gone.pid}.db")
        in_flight(server)

        assert not (folder / f"gauge_livesum_{gone.pid}.db").exists()


def test_methods_that_clients_invent_are_one(service: Service) -> None:
    with running(service) as server:
        for method in ("BREW", "WHEN"):
            server.ask(f"{method} /hello/Ada HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        text = server.get("/metrics")[1]

    assert "BREW" not in text
    assert "WHEN" not in text


def test_one_process_counts_without_a_folder(render: Render) -> None:
    answers = {"project_name": "orders-api", "framework": "fastapi", "server": "uvicorn", "deploy": ["prometheus"]}
    with running(installed(render(answers))) as server:
        ask(server, 3)

        assert counted(server) == 3
        assert not directories(server)


def test_who_did_not_ask_has_none_of_it(render: Render) -> None:
    service = installed(render({"project_name": "orders-api", "framework": "flask", "server": "gunicorn-sync", "deploy": []}))
    files = [path for path in service.path.rglob("*") if path.is_file() and not {".git", ".nox"} & set(path.parts)]

    assert not [path for path in files if re.search("prometheus[-_]client", path.read_text(encoding="utf-8", errors="replace"))]
    with running(service) as server:
        assert server.get("/metrics")[0] == 404
