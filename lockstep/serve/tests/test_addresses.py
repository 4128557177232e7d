"""Where a server listens, whom it believes and below which path it answers is the same under every server model."""

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from running import Running, read_answer, request_of
from services import Service

PROXY = ("X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https")
SAID_BESIDES = ("X-Forwarded-Host: evil.example", "X-Forwarded-Prefix: /evil", "X-Forwarded-Ssl: on", "SCRIPT_NAME: /evil")


def ask(at: str | tuple[str, int], path: str, *headers: str) -> tuple[int, str]:
    """A request to an address, or through a socket file."""
    family = socket.AF_UNIX if isinstance(at, str) else socket.AF_INET6 if ":" in at[0] else socket.AF_INET
    with socket.socket(family) as client:
        client.settimeout(60)
        client.connect(at)
        client.sendall(request_of(path, "Connection: close", *headers).encode())
        status, text = read_answer(client)
        return status, text.partition("\r\n\r\n")[2]


def said(at: str | tuple[str, int], *headers: str, path: str = "/said") -> dict[str, Any]:
    """What the application got of a request."""
    status, body = ask(at, path, *headers)
    assert status == 200, body
    found: dict[str, Any] = json.loads(body)
    return found


@pytest.fixture(scope="module")
def everywhere(service: Service) -> Iterator[Running]:
    """On each address of both kinds, below a path; its proxy has an address of IPv4 and one of IPv6."""
    settings = {"SERVER_HOST": "[::]", "FORWARDED_ALLOW_IPS": "127.0.0.1,::1", "SERVER_ROOT_PATH": "/orders/"}
    with service.serving(**settings) as server:
        yield server


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_trusted_proxy_is_believed_over_both_kinds_of_address(everywhere: Running, host: str) -> None:
    got = said((host, everywhere.port), *PROXY, *SAID_BESIDES)

    assert (got["client"], got["scheme"], got["root"]) == ("203.0.113.7", "https", "/orders")
    assert got["headers"]["host"] == "localhost"
    assert said((host, everywhere.port))["client"] == host
    assert said((host, everywhere.port), "X-Forwarded-For: [2001:db8::1]:99")["client"] == "2001:db8::1"


def test_its_boot_line_and_its_health_know_that_address(everywhere: Running, service: Service) -> None:
    assert everywhere.lines()[0]["address"] == f"[::]:{everywhere.port}"
    assert service.run("health", SERVER_HOST="[::]", PORT=str(everywhere.port)).returncode == 0


def test_another_peer_is_not_believed(service: Service) -> None:
    with service.serving(SERVER_HOST="::", FORWARDED_ALLOW_IPS="192.0.2.1") as server:
        for host in ("127.0.0.1", "::1"):
            got = said((host, server.port), *PROXY)

            assert (got["client"], got["scheme"]) == (host, "http")


def test_it_answers_below_its_path_whether_the_proxy_takes_that_off_or_not(everywhere: Running) -> None:
    at = ("127.0.0.1", everywhere.port)

    assert ask(at, "/orders/hello/Ada")[1] == ask(at, "/hello/Ada")[1] == "Hello, Ada!"
    assert said(at, path="/orders/said")["root"] == said(at)["root"] == "/orders"
    assert ask(at, "/orders/health/ready")[0] == ask(at, "/health/ready")[0] == 200
    assert ask(at, "/ordersx/hello/Ada")[0] == 404
    everywhere.until(lambda: "/ordersx/hello/Ada" in paths(everywhere))
    assert "/orders/hello/Ada" not in paths(everywhere)


def paths(server: Running) -> set[str]:
    """What the access lines name."""
    return {line["path"] for line in server.lines() if line["logger"] == "access"}


def test_a_socket_file_has_its_mode_and_believes_who_may_connect(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "orders.sock"
    host = f"unix:{file},mode=600"
    with service.starting(SERVER_HOST=host, FORWARDED_ALLOW_IPS="192.0.2.1") as server:
        server.until(lambda: service.run("health", SERVER_HOST=host).returncode == 0)
        got = said(str(file), *PROXY, *SAID_BESIDES)

        assert (got["client"], got["scheme"], got["root"]) == ("203.0.113.7", "https", "")
        assert said(str(file))["client"] == ""
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert server.lines()[0]["address"] == f"unix:{file}"
        assert server.stop() == 0
    with service.starting(SERVER_HOST=host) as server:  # whatever the one before left there
        server.until(lambda: service.run("health", SERVER_HOST=host).returncode == 0)


def test_a_variable_of_cgi_is_refused_or_means_nothing(service: Service) -> None:
    if service.model.interface == "WSGI":
        done = service.run("serve", SCRIPT_NAME="/evil")

        assert done.returncode == 1
        assert done.stdout.startswith("The server is defined two ways.")
        assert done.stdout.rstrip().endswith("Unset SCRIPT_NAME; use the variables that server.toml names.")
        return
    with service.serving(SCRIPT_NAME="/evil") as server:
        assert server.get("/hello/Ada")[0] == 200
