"""The endpoints that orchestrators and people ask about the service itself."""

from importlib import import_module

import httpx2
import pytest


def test_a_running_service_is_live(client: httpx2.Client) -> None:
    response = client.get("/health/live")

    assert (response.status_code, response.json()) == (200, {"status": "live"})


def test_a_started_service_is_ready(client: httpx2.Client) -> None:
    response = client.get("/health/ready")

    assert (response.status_code, response.json()) == (200, {"status": "ready"})


def test_a_draining_service_is_live_but_not_ready(
    client: httpx2.Client, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module(f"{package}.health"), "draining", lambda: True)

    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503
    assert "draining" in client.get("/health/ready").json()["detail"]


def test_a_failing_check_makes_the_service_unready_and_is_named(
    client: httpx2.Client, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ping() -> None:
        raise ConnectionError("password=hunter2 was refused")

    monkeypatch.setitem(import_module(f"{package}.health").CHECKS, "database", ping)
    response = client.get("/health/ready")

    assert response.status_code == 503
    assert "'database'" in response.json()["detail"]
    assert "hunter2" not in response.text


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/version"])
def test_head_is_answered_like_get(client: httpx2.Client, path: str) -> None:
    assert client.head(path).status_code == 200


def test_the_version_says_what_is_running(client: httpx2.Client, package: str) -> None:
    facts = client.get("/version").json()

    assert sorted(facts) == ["commit", "environment", "lockstep", "service", "version"]
    assert facts["service"].replace("-", "_") == package
    assert len(facts["environment"]) == 12
