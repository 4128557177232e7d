"""What the service announces is found, or it is said what is missing."""

from pathlib import Path

import pytest

from lockstep_serve import application
from lockstep_serve.errors import Refusal
from services import Service, install, make_service


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service on this process's own search path."""
    service = make_service(tmp_path, "gunicorn-sync")
    monkeypatch.syspath_prepend(service.root / "src")
    return service


def refuse(name: str = "app") -> str:
    with pytest.raises(Refusal) as refused:
        application.entry_point(name)
    return str(refused.value)


def test_the_definition_in_force_is_that_of_the_installed_package(service: Service) -> None:
    assert application.package_directory() == service.package
    assert application.in_force().path == service.package / "server.toml"
    assert application.in_force().model.name == "gunicorn-sync"


def test_an_optional_part_is_there_or_not(service: Service) -> None:
    assert application.announced("logs")
    assert not application.announced("metrics")


def test_what_is_installed_later_is_seen(service: Service) -> None:
    install(service.root / "src", "more", {"metrics": "orders.meter:Meter"})

    assert application.announced("metrics")


def test_no_service_is_refused() -> None:
    text = refuse()

    assert text.startswith("The service's `app` cannot be found.")
    assert '[project.entry-points.lockstep_serve] app = "…"   announced by no installed distribution' in text
    assert text.endswith("Announce exactly one in pyproject.toml, then run `uv sync`.")


def test_two_services_are_refused_with_both(service: Service) -> None:
    install(service.root / "src", "another", {"app": "another.app:create_app"})

    assert "another.app:create_app, orders.wsgi:create_app" in refuse()


def test_an_entry_point_that_names_no_object_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "orders", {"app": "orders"})
    monkeypatch.syspath_prepend(tmp_path)

    assert "announced by no installed distribution" in refuse()


def test_entry_points_of_other_groups_are_not_meant(service: Service) -> None:
    points = service.root / "src" / "orders-1.0.dist-info" / "entry_points.txt"
    text = points.read_text(encoding="utf-8")
    points.write_text(f"[console_scripts]\napp = other:main\n\n{text}\n[other]\napp = other:app\n", encoding="utf-8")

    assert application.entry_point("app") == "orders.wsgi:create_app"


def test_a_package_that_is_announced_and_not_installed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "orders", {"app": "no_such_package.app:create_app"})
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Refusal, match="package is not installed") as refused:
        application.package_directory()

    assert 'app = "no_such_package.app:create_app"' in str(refused.value)
    assert "no no_such_package" in str(refused.value)
