"""The service answers for its own hosts, and probes by address; unsafe requests need a token."""

from typing import Any

import httpx2
import pytest


@pytest.fixture
def named(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{prefix}ALLOWED_HOSTS", "orders.example, .internal.example")


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("orders.example", 200),
        ("a.internal.example:8000", 200),
        ("evil.example", 400),
        ("localhost", 400),
        ("a b", 400),
    ],
)
def test_only_named_hosts_are_answered(client: httpx2.Client, host: str, status: int) -> None:
    response = client.get("/hello/Ada", headers={"Host": host})

    assert response.status_code == status
    if status == 400:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["request_id"] == response.headers["x-request-id"]


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/version"])
def test_probes_ask_by_address(client: httpx2.Client, path: str) -> None:
    assert client.get(path, headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_an_unsafe_request_without_a_token_is_a_problem(client: httpx2.Client, application: Any) -> None:
    application.get("/orders")(dict)
    response = client.post("/orders", data={"item": "tea"})

    assert (response.status_code, response.json()["status"]) == (403, 403)
    assert "CSRF" in response.json()["detail"]
