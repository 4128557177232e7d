"""The client's address is what trusted proxies say, and no more."""

from typing import Any

import pytest

from lockstep_serve.client_address import WSGI, find_client, parse_proxies
from lockstep_serve.definition import read_definition
from services import DEFINITIONS


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        pytest.param("127.0.0.1", "203.0.113.7", "203.0.113.7", id="one proxy"),
        pytest.param("127.0.0.1", "6.6.6.6, 203.0.113.7", "203.0.113.7", id="what a client made up comes before"),
        pytest.param("127.0.0.1, 10.0.0.0/8", "203.0.113.7, 10.1.2.3", "203.0.113.7", id="two proxies"),
        pytest.param("*", "203.0.113.7, 198.51.100.9", "203.0.113.7", id="all are trusted"),
        pytest.param("10.0.0.0/8", "10.9.9.9, 10.1.2.3", "10.9.9.9", id="nobody but proxies"),
        pytest.param("127.0.0.1", "unknown", None, id="no address"),
        pytest.param("127.0.0.1", "203.0.113.7:1234", "203.0.113.7", id="with a port"),
        pytest.param("127.0.0.1", "[2001:DB8::1]:1234", "2001:db8::1", id="IPv6 with a port"),
        pytest.param("127.0.0.1", "203.0.113.7, ::ffff:127.0.0.1", "203.0.113.7", id="a proxy by IPv6"),
        pytest.param("127.0.0.1", "2001:db8::1", "2001:db8::1", id="IPv6"),
    ],
)
def test_the_client_is_the_last_that_is_no_proxy(trusted: str, forwarded: str, expected: str | None) -> None:
    assert find_client(forwarded, parse_proxies(trusted)) == expected


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_an_address_of_ipv4_is_the_same_through_a_socket_of_ipv6(address: str) -> None:
    assert parse_proxies("127.0.0.0/8")(address)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("198.51.100.9", "203.0.113.7", "198.51.100.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("", "203.0.113.7", "203.0.113.7"),
    ],
    ids=["a proxy", "anybody", "a proxy that says nothing", "a proxy that says nonsense", "a socket file"],
)
def test_the_application_gets_that_address(peer: str, forwarded: str, expected: str) -> None:
    seen: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ["REMOTE_ADDR"])
        return []

    told = WSGI(application, read_definition(DEFINITIONS / "gunicorn-sync.toml", {}))
    told({"REQUEST_METHOD": "GET", "REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}, None)

    assert seen == [expected]
