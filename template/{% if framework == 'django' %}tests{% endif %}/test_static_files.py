"""Static files are served as they are installed, and kept by browsers as long as their name lasts."""

import httpx2
import pytest


@pytest.fixture
def icon(client: httpx2.Client) -> str:
    """The path that the front page names."""
    icon: str = client.get("/").json()["icon"]
    return icon


def test_a_name_with_a_hash_is_kept_for_ever(client: httpx2.Client, icon: str) -> None:
    response = client.get(icon)

    assert response.status_code == 200
    assert response.headers["content-type"] == "image/svg+xml"
    assert "immutable" in response.headers["cache-control"]
    assert response.text.startswith("<svg")


def test_a_name_without_a_hash_is_asked_for_again(client: httpx2.Client, icon: str, package: str) -> None:
    response = client.get(f"/static/{package}/icon.svg")
    tag = response.headers["etag"]

    assert response.text == client.get(icon).text
    assert "immutable" not in response.headers["cache-control"]
    assert client.get(f"/static/{package}/icon.svg", headers={"If-None-Match": tag}).status_code == 304


def test_head_says_how_long_a_file_is(client: httpx2.Client, icon: str) -> None:
    response = client.head(icon)

    assert response.headers["content-length"] == str(len(client.get(icon).content))


@pytest.mark.parametrize(
    "path", ["/static/", "/static/nothing.css", "/static/../settings.py", "/static/%2e%2e/settings.py"]
)
def test_nothing_else_is_there(client: httpx2.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_static_file_is_only_read(client: httpx2.Client, icon: str) -> None:
    response = client.put(icon)

    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"
