"""The rendered nginx configurations, run: slow clients stop nobody, and what clients say about themselves does not arrive."""

import json
import re
import subprocess
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from deploying.breaking import breaking
from deploying.clients import OPENINGS, answered, ask, slow_clients
from deploying.nginx import COMPOSE, SITE, Proxy, adapted, called, proxying
from deploying.plugin import PROXIED
from deploying.units import serving
from lockstep_serve import client_address
from services import Service, free_port


@pytest.mark.parametrize("file", [COMPOSE, SITE])
@pytest.mark.parametrize("server", PROXIED)
def test_nginx_takes_its_configuration(
    server: str, file: str, nginx: str, everywhere: Callable[[str], Service], tmp_path: Path
) -> None:
    configuration = adapted(everywhere(server), file, tmp_path, free_port(), free_port())

    done = subprocess.run(called(nginx, configuration, "-t"), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


@pytest.mark.parametrize("kind", OPENINGS)
def test_slow_clients_stop_nobody_behind_the_proxy(kind: str, proxied: Proxy) -> None:
    with slow_clients(proxied.port, OPENINGS[kind]):
        assert answered(proxied.port, 200, timeout=5) == 200


@pytest.mark.parametrize("kind", OPENINGS)
def test_nor_where_one_process_has_one_request(kind: str, nginx: str, sync: Service, tmp_path: Path) -> None:
    with serving(sync) as (_, port), proxying(nginx, sync, tmp_path, port) as proxy, slow_clients(proxy.port, OPENINGS[kind]):
        assert answered(proxy.port, 200, timeout=5) == 200


@pytest.mark.parametrize("kind", OPENINGS)
def test_without_the_proxy_they_do(kind: str, gthread: Service) -> None:
    """Or the test above would prove nothing."""
    with serving(gthread, SERVER_THREADS="2") as (_, port), slow_clients(port, OPENINGS[kind]):
        assert answered(port, 10, timeout=1) < 10


SPOOFED = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Real-IP": "6.6.6.6",
    "Forwarded": "for=6.6.6.6",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Ssl": "on",
    "X-Forwarded-Host": "spoofed.example.org",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/spoofed",
    "X-Forwarded-Server": "spoofed.example.org",
}


def test_the_clients_address_arrives_and_what_it_says_about_itself_does_not(proxied: Proxy) -> None:
    _, seen, _ = ask(proxied.port, "/seen", source="127.0.0.2", headers=SPOOFED)

    assert seen["remote"] == "127.0.0.2"
    assert seen["scheme"] == "http"
    assert seen["headers"]["X-Forwarded-For"] == "127.0.0.2"
    assert seen["headers"]["X-Forwarded-Proto"] == "http"
    assert "6.6.6.6" not in str(seen)
    assert "spoofed" not in str(seen)
    assert not {
        name for name in seen["headers"] if name in {"Forwarded", "X-Forwarded-Port", "X-Forwarded-Ssl", "X-Forwarded-Protocol"}
    }


def test_a_header_that_is_appended_instead_of_set_is_noticed(nginx: str, gthread: Service, tmp_path: Path) -> None:
    """A planted fault, so that the test above is known to look."""
    fault = ("X-Forwarded-For $remote_addr", "X-Forwarded-For $proxy_add_x_forwarded_for")
    with serving(gthread) as (_, port), proxying(nginx, gthread, tmp_path, port, fault=fault) as proxy:
        assert "6.6.6.6" in str(ask(proxy.port, "/seen", headers=SPOOFED)[1])


def test_who_is_no_trusted_proxy_is_not_believed(gthread: Service) -> None:
    with serving(gthread) as (_, port):
        _, stranger, _ = ask(port, "/seen", source="127.0.0.2", headers=SPOOFED)
    with serving(gthread, FORWARDED_ALLOW_IPS="127.0.0.2") as (_, port):
        _, proxy, _ = ask(
            port, "/seen", source="127.0.0.2", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "https"}
        )

    assert (stranger["remote"], stranger["scheme"]) == ("127.0.0.2", "http")
    assert (proxy["remote"], proxy["scheme"]) == ("203.0.113.9", "https")


# Who is trusted, who connects, what X-Forwarded-For says, and who the client then is.
CHAINS = [
    ("127.0.0.1", "127.0.0.1", "203.0.113.9", "203.0.113.9"),
    ("127.0.0.1", "::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
    ("127.0.0.1, 10.0.0.0/8", "127.0.0.1", "6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
    ("10.0.0.0/8", "10.1.2.3", "10.4.5.6, 10.7.8.9", "10.4.5.6"),
    ("*", "198.51.100.1", "203.0.113.9, 10.1.2.3", "203.0.113.9"),
    ("2001:db8::/32", "2001:db8::1", "2001:db9::7", "2001:db9::7"),
    ("127.0.0.1", "198.51.100.1", "6.6.6.6", "198.51.100.1"),
    ("127.0.0.1", "127.0.0.1", "unknown", "127.0.0.1"),
    ("127.0.0.1", "127.0.0.1", "", "127.0.0.1"),
    ("127.0.0.1", "", "203.0.113.9", "203.0.113.9"),  # through a socket file: its mode says who may connect
]


@pytest.mark.parametrize(("trusted", "peer", "said", "client"), CHAINS)
def test_the_client_is_the_last_one_that_no_trusted_proxy_is(trusted: str, peer: str, said: str, client: str) -> None:
    trusts = client_address.parse_proxies(trusted)
    found = client_address.find_client(said, trusts) if said and trusts(peer) else None

    assert (found or peer) == client


def test_the_team_says_who_stands_before_the_proxy(nginx: str, gthread: Service, tmp_path: Path) -> None:
    yours = "set_real_ip_from 127.0.0.2;\nreal_ip_header X-Forwarded-For;\nset $client_scheme https;\n"
    with serving(gthread) as (_, port), proxying(nginx, gthread, tmp_path, port, yours=yours) as proxy:
        _, seen, _ = ask(proxy.port, "/seen", source="127.0.0.2", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"})
        _, other, _ = ask(proxy.port, "/seen", source="127.0.0.3", headers={"X-Forwarded-For": "6.6.6.6"})

    assert (seen["remote"], seen["scheme"]) == ("203.0.113.9", "https")
    assert other["remote"] == "127.0.0.3"


def test_the_request_id_passes_when_it_is_usable(proxied: Proxy) -> None:
    _, seen, answer = ask(proxied.port, "/seen", headers={"X-Request-ID": "order-7"})
    _, other, made = ask(proxied.port, "/seen", headers={"X-Request-ID": 'un"usable'})

    assert seen["headers"]["X-Request-Id"] == answer.headers["X-Request-ID"] == "order-7"
    assert re.fullmatch(r"[0-9a-f]{32}", made.headers["X-Request-ID"])
    assert other["headers"]["X-Request-Id"] == made.headers["X-Request-ID"]


def test_a_body_up_to_the_limit_passes_and_a_larger_one_does_not_reach_the_service(proxied: Proxy) -> None:
    most = 10 * 2**20
    status, seen, _ = ask(proxied.port, "/seen", method="POST", body=b"x" * most)
    with closing(HTTPConnection("127.0.0.1", proxied.port, timeout=60)) as connection:
        connection.putrequest("POST", "/seen")
        connection.putheader("Content-Length", str(most + 1))
        connection.endheaders()
        answer = connection.getresponse()
        problem = json.loads(answer.read())

    assert (status, seen["body"]) == (200, most)
    assert (answer.status, problem["status"]) == (413, 413)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    line = proxied.logged(problem["request_id"])  # what the service answered, it logs itself
    assert line["status"] == 413


def test_a_service_that_is_away_is_told_as_a_problem(nginx: str, gthread: Service, tmp_path: Path) -> None:
    with proxying(nginx, gthread, tmp_path, free_port()) as proxy:
        status, problem, answer = ask(proxy.port)

        assert (status, problem["status"]) == (502, 502)
        assert answer.headers["Content-Type"] == "application/problem+json"
        line = proxy.logged(problem["request_id"])
        assert (line["path"], line["status"]) == ("/hello/you", 502)


@pytest.mark.parametrize("file", [COMPOSE, SITE], ids=["compose", "systemd"])
def test_a_post_is_never_sent_twice_and_a_get_is(file: str, nginx: str, gthread: Service, tmp_path: Path) -> None:
    with breaking() as (server, port), proxying(nginx, gthread, tmp_path, port, file=file) as proxy:
        statuses = [ask(proxy.port)[0], ask(proxy.port, method="POST", body=b"x\n")[0]]
        assert statuses == [200, 502]
        assert (server.first, server.second) == (["GET"], ["POST"])

        statuses = [ask(proxy.port)[0], ask(proxy.port)[0]]  # the second one's connection breaks, and another is taken
        assert statuses == [200, 200]
        assert (server.first, server.second) == (["GET", "GET", "GET"], ["POST", "GET"])


def test_a_proxy_that_repeats_a_post_is_noticed(nginx: str, gthread: Service, tmp_path: Path) -> None:
    fault = ("proxy_next_upstream error", "proxy_next_upstream error non_idempotent")
    with breaking() as (server, port), proxying(nginx, gthread, tmp_path, port, fault=fault) as proxy:
        ask(proxy.port)
        ask(proxy.port, method="POST", body=b"x\n")

        assert server.second + server.first[1:] == ["POST", "POST"]


def test_both_proxies_do_the_same(everywhere: Callable[[str], Service]) -> None:
    """They are two whole files, each readable alone; what protects the service must be in both."""
    service = everywhere("gunicorn-gthread")
    wanted = re.compile(
        r"^\s*((?:proxy|client)_\w+|send_timeout|keepalive\w*|reset_\w+|error_page|set|add_header)\s.*;", re.MULTILINE
    )
    said = [
        {
            line[0].strip().replace("$orders_api_", "$")
            for line in wanted.finditer((service.path / file).read_text())
            if line[1] not in {"proxy_pass", "client_body_temp_path", "proxy_temp_path"}
        }
        for file in (COMPOSE, SITE)
    ]

    assert said[0] == said[1]
    assert len(said[0]) > 20
