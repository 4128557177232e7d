"""The server starts one way, says what it starts, and refuses what it cannot do in words."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services import Service, free_port, until_ready


@pytest.fixture(scope="module", params=["fastapi", "flask"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service with its production set built."""
    good: Service = request.getfixturevalue(request.param)
    service = good.copy(tmp_path_factory.mktemp(request.param) / "service")
    done = service.nox("prove")
    assert done.returncode == 0, done.stdout
    return service


@contextmanager
def serving(service: Service, **settings: str) -> Iterator[tuple[subprocess.Popen[str], int, dict[str, object]]]:
    """The production server, its port and its boot line."""
    port = free_port()
    process = subprocess.Popen(
        [str(service.path / ".nox" / "production" / "bin" / "python"), "-m", "lockstep_serve", "serve"],
        cwd="/",
        env={**os.environ, "PORT": str(port), "SERVER_DRAIN_LEAD": "0", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        boot = json.loads(process.stdout.readline())
        until_ready(f"http://127.0.0.1:{port}")
        yield process, port, boot
    finally:
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.communicate()


def refused(service: Service, **settings: str) -> str:
    done = service.production("-m", "lockstep_serve", "serve", **{"PORT": str(free_port()), **settings})
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def test_version_names_the_environment_that_the_boot_line_names(service: Service) -> None:
    with serving(service) as (_, port, boot), urllib.request.urlopen(f"http://127.0.0.1:{port}/version") as answer:
        assert json.load(answer)["environment"] == boot["environment"]


def test_health_is_a_command_without_a_shell(service: Service) -> None:
    with serving(service) as (_, port, _):
        assert service.production("-I", "-m", "lockstep_serve", "health", PORT=str(port)).returncode == 0
    assert service.production("-I", "-m", "lockstep_serve", "health", PORT=str(port)).returncode == 1


def test_a_port_in_use_is_refused_in_three_parts(service: Service) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = refused(service, PORT=port)

    assert said.startswith(f"Port {port} cannot be used.")
    assert "Address already in use" in said
    assert "PORT=8001" in said


def test_a_wrong_value_is_refused_with_its_file_line_and_variable(service: Service) -> None:
    said = refused(service, SERVER_DRAIN="soon")

    assert "`drain` must be a whole number" in said
    assert "server.toml:" in said
    assert "Change SERVER_DRAIN." in said


def test_a_drain_above_the_grace_is_refused(service: Service) -> None:
    assert "The service would be killed while it drains." in refused(service, SERVER_DRAIN="60")


SECOND_VOICES = {"fastapi": ("UVICORN_WORKERS", "4"), "flask": ("GUNICORN_CMD_ARGS", "--workers 9")}


def test_a_second_voice_is_refused(service: Service) -> None:
    name, said = SECOND_VOICES["flask" if (service.package() / "server.toml").read_text().count("gunicorn") else "fastapi"]
    heard = refused(service, **{name: said})

    assert "The server is defined two ways." in heard
    assert f"Unset {name}" in heard


@pytest.mark.parametrize(
    ("variable", "said", "expected"),
    [
        ("SERVER_KEEP_ALIVE", "-1", "`keep_alive` must be a whole number of seconds"),
        ("SERVER_MAX_BODY_BYTES", "10 MB", "`max_body_bytes` must be a whole number of bytes"),
        ("FORWARDED_ALLOW_IPS", "proxy", "`trusted_proxies` must be addresses or networks"),
        ("PORT", "http", "`port` must be a whole number"),
    ],
)
def test_every_value_is_judged_before_the_server_starts(service: Service, variable: str, said: str, expected: str) -> None:
    heard = refused(service, **{variable: said})

    assert expected in heard
    assert f"Change {variable}." in heard
    assert "server.toml:" in heard


def test_the_server_finds_its_application_from_any_folder_under_a_safe_path(service: Service) -> None:
    with serving(service, PYTHONSAFEPATH="1") as (process, _, _):
        assert process.poll() is None


def test_dev_is_the_same_server_and_starts_again_on_a_change(service: Service) -> None:
    port = free_port()
    process = subprocess.Popen(
        ["uv", "run", "--quiet", "noxfile.py", "-s", "dev"],
        cwd=service.path,
        env={**os.environ, **service.settings, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    settings = service.package() / "settings.py"
    before = settings.read_text()
    try:
        until_ready(f"http://127.0.0.1:{port}")
        assert hello(port) == hello(port)
        settings.write_text(before.replace('"Hello"', '"Servus"'))
        assert settings.read_text() != before
        for _ in range(300):
            if hello(port).startswith("Servus"):  # one worker starts again before the other
                break
            time.sleep(0.1)
        else:
            pytest.fail("no worker serves the change within 30 s")
    finally:
        settings.write_text(before)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def hello(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/hello/you", timeout=5) as answer:
            return str(json.load(answer)["message"])
    except OSError:
        return ""


def test_an_application_that_cannot_be_imported_is_told_without_a_traceback(service: Service) -> None:
    module = service.site_packages() / service.package().name / "app.py"
    before = module.read_text()
    module.write_text(before + "\nimport no_such_module\n")
    try:
        for _ in range(6):  # workers fail side by side, in either order
            said = refused(service, WEB_CONCURRENCY="4")
            assert "The service's `app` cannot be imported." in said
            assert "No module named 'no_such_module'" in said
    finally:
        module.write_text(before)
