"""Prove fails, by the name of its step, on each way in which a service breaks its promise."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services import Service


@pytest.fixture(scope="module", params=["fastapi", "flask"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A copy to plant faults in."""
    good: Service = request.getfixturevalue(request.param)
    return good.copy(tmp_path_factory.mktemp(request.param) / "service")


@contextmanager
def planted(service: Service, name: str, *edits: tuple[str, str]) -> Iterator[None]:
    """A file of the service's own package, edited for a while."""
    path = service.package() / name
    before = path.read_text()
    text = before
    for old, new in edits:
        assert old in text, f"{name} has no {old!r}"
        text = text.replace(old, new, 1)
    path.write_text(text)
    try:
        yield
    finally:
        path.write_text(before)


def at_the_end(service: Service, name: str, code: str) -> tuple[str, tuple[str, str]]:
    """An edit that appends code to a file."""
    text = (service.package() / name).read_text()
    return name, (text, text + "\n\n" + code + "\n")


def failed_step(service: Service) -> str:
    """What prove says of the step that failed."""
    done = service.nox("prove")
    assert done.returncode == 1, done.stdout
    assert "The service does not prove itself: " in done.stdout, done.stdout
    return done.stdout.partition("The service does not prove itself: ")[2]


def test_a_good_service_proves_itself(service: Service) -> None:
    done = service.nox("prove")

    assert done.returncode == 0, done.stdout
    for step in ("becomes ready", "overlap", "drains on SIGTERM", "exits in time", "logs no error"):
        assert f"✓ {step}" in done.stdout or step in done.stdout


def test_a_development_package_in_the_application_does_not_boot(service: Service) -> None:
    with planted(service, *at_the_end(service, "app.py", "import pytest")):
        said = failed_step(service)

    assert said.startswith("becomes ready")
    assert "No module named 'pytest'" in said
    assert "Traceback" not in said


EXITING_HANDLER = """
import os
import signal

build = create_app


def create_app():
    app = build()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    return app
"""


def test_a_signal_handler_that_exits_loses_the_request_in_flight(service: Service) -> None:
    with planted(service, *at_the_end(service, "app.py", EXITING_HANDLER)):
        said = failed_step(service)

    assert said.startswith("drains on SIGTERM")


def test_readiness_that_is_always_true_is_named(service: Service) -> None:
    drained = "def draining() -> bool:\n    return False"
    with planted(service, *at_the_end(service, "health.py", drained)):
        said = failed_step(service)

    assert said.startswith("drains on SIGTERM")
    assert "readiness stayed 200" in said


NOISY = """
import logging

quiet = create_app


def create_app():
    app = quiet()
    logging.getLogger("orders").error("no database")
    return app
"""


def test_an_error_in_the_log_is_named(service: Service) -> None:
    with planted(service, *at_the_end(service, "app.py", NOISY)):
        said = failed_step(service)

    assert said.startswith("logs no error")
    assert "no database" in said


def test_a_wrong_setting_does_not_boot(service: Service) -> None:
    name = f"{service.package().name.upper()}_LOG_LEVEL"
    done = service.nox("prove", **{name: "LOUD"})

    assert done.returncode == 1
    assert "becomes ready" in done.stdout
    assert name in done.stdout
    assert "Traceback" not in done.stdout
