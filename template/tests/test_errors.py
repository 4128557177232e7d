"""Every error is a problem document (RFC 9457) that a client can tell us about."""

from typing import Any

import httpx2
import pytest

REASON = "no stock"


def fails() -> None:
    """An endpoint with a bug; planted by the tests that need it."""
    raise RuntimeError(REASON)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/nowhere", 404, id="unknown-path"),
        pytest.param("DELETE", "/health/live", 405, id="wrong-method"),
        pytest.param("GET", "/hello/" + "x" * 65, 422, id="bad-input"),
        pytest.param("GET", "/fails", 500, id="bug"),
    ],
)
def test_an_error_is_a_problem_document(
    client: httpx2.Client, application: Any, method: str, path: str, status: int
) -> None:
    application.get("/fails")(fails)
    response = client.request(method, path)

    problem = response.json()
    assert (response.status_code, problem["status"]) == (status, status)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]


def test_a_wrong_method_is_told_the_right_ones(client: httpx2.Client) -> None:
    assert "GET" in client.delete("/health/live").headers["allow"]


def test_a_bug_is_hidden_from_the_client_and_logged_once_with_its_traceback(
    client: httpx2.Client, application: Any, caplog: pytest.LogCaptureFixture
) -> None:
    application.get("/fails")(fails)
    response = client.get("/fails")

    [record] = [record for record in caplog.records if record.exc_info]
    assert record.levelname == "ERROR"
    assert REASON in caplog.text
    assert REASON not in response.text
