"""What is Django's own: its judgement of a deployment, the hosts that it answers for, its static files."""

import io
from importlib import import_module
from importlib.metadata import EntryPoint
from typing import Any

import httpx2
import pytest
from django.core.management import call_command


@pytest.mark.usefixtures("application")
def test_django_finds_nothing_to_say_about_a_deployment() -> None:
    said = io.StringIO()
    call_command("check", deploy=True, fail_level="WARNING", stdout=said, stderr=said)

    assert said.getvalue().startswith("System check identified no issues")


@pytest.mark.parametrize("said", ["", "short"])
def test_without_a_good_secret_nothing_starts(
    entry: EntryPoint, prefix: str, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv(f"{prefix}SECRET_KEY", said)
    with pytest.raises(SystemExit, match=f"{prefix}SECRET_KEY   {'[(]hidden' if said else 'not set'}"):
        entry.load()()


@pytest.mark.parametrize(
    "url", ["postgresql://u:hunter2@h", "oracle://u:hunter2@h/n", "postgresql://u:p@h:hunter2/n", "hunter2"]
)
def test_a_bad_database_url_is_named_but_never_printed(
    entry: EntryPoint, prefix: str, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(f"{prefix}DATABASE_URL", url)
    with pytest.raises(SystemExit) as stop:
        entry.load()()

    assert f"{prefix}DATABASE_URL   (hidden)" in str(stop.value)
    assert "hunter2" not in str(stop.value)


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("DB.Example.org", "db.example.org", ""),
        ("[::1]:5433", "::1", "5433"),
        ("%2Fcloudsql%2FProj%3Aeurope%3AOrders", "/cloudsql/Proj:europe:Orders", ""),
        ("%2frun%2fPostgreSQL:5433", "/run/PostgreSQL", "5433"),
        ("", "", ""),
    ],
)
def test_a_database_is_reached_by_name_or_by_a_directory_of_sockets(
    package: str, written: str, host: str, port: str
) -> None:
    read = import_module(f"{package}.database").database(f"postgresql://u:p@{written}/n")

    assert (read["HOST"], read["PORT"]) == (host, port)


def test_another_settings_module_is_refused(entry: EntryPoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "other.settings")
    with pytest.raises(SystemExit, match=r"other\.settings   <- differs"):
        entry.load()()


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
