"""`pins` names what a deploy file repeats otherwise than server.toml, and passes on every model."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploying.nginx import COMPOSE, SITE
from deploying.plugin import PROXIED
from services import Service

FAULTS: dict[str, tuple[str, str, str, str]] = {
    "another port before the service": (COMPOSE, "orders-api:8000", "orders-api:9000", "The port is stated two ways."),
    "another port on the host": (SITE, "127.0.0.1:8000", "127.0.0.1:9000", "The port is stated two ways."),
    "a proxy that listens elsewhere": (COMPOSE, "listen 8080", "listen 8081", "The port is stated two ways."),
    "compose that publishes another port": ("deploy/compose.yaml", ":8000:8080", ":8000:80", "The port is stated two ways."),
    "a proxy that gives up first": (
        COMPOSE,
        "proxy_read_timeout 35s",
        "proxy_read_timeout 30s",
        "The proxy gives up before the service does.",
    ),
    "a service that is given longer": (
        "src/orders_api/server.toml",
        "request_timeout = { default = 30",
        "request_timeout = { default = 90",
        "The proxy gives up before the service does.",
    ),
    "connections kept too long": (
        COMPOSE,
        "keepalive_timeout 60s",
        "keepalive_timeout 2m",
        "The service closes connections that its proxy is about to use.",
    ),
    "connections kept for nginx's own time": (
        COMPOSE,
        "        keepalive_timeout 60s;",
        "",
        "The service closes connections that its proxy is about to use.",
    ),
    "another body limit": (COMPOSE, "10485760", "1m", "The largest body is stated two ways."),
    "another body limit on the host": (SITE, "10485760", "20m", "The largest body is stated two ways."),
    "a proxy that does not buffer": (
        COMPOSE,
        "proxy_request_buffering on",
        "proxy_request_buffering off",
        "The proxy does not buffer.",
    ),
    "a proxy that repeats": (SITE, "upstream error;", "upstream error non_idempotent;", "The proxy may send a POST twice."),
    "a proxy that is killed while it drains": (
        "deploy/compose.yaml",
        "stop_signal: SIGQUIT\n    stop_grace_period: 30s",
        "stop_signal: SIGQUIT\n    stop_grace_period: 3s",
        "The grace is stated two ways.",
    ),
    "a unit that kills": ("deploy/systemd/orders-api.service", "StopSec=30", "StopSec=10", "The grace is stated two ways."),
    "a socket on another port": ("deploy/systemd/orders-api.socket", ":8000", ":80", "The port is stated two ways."),
    "a shorter queue": ("deploy/systemd/orders-api.socket", "2048", "128", "The backlog is stated two ways."),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_pins_names_what_does_not_agree(fault: str, everywhere: Callable[[str], Service], tmp_path: Path) -> None:
    file, old, new, said = FAULTS[fault]
    damaged = everywhere("gunicorn-gthread").copy(tmp_path / "damaged")
    damaged.edit(file, old, new)
    if fault == "connections kept for nginx's own time":
        damaged.edit("src/orders_api/server.toml", "keep_alive = { default = 75", "keep_alive = { default = 60")

    done = damaged.lockstep("pins")

    assert done.returncode == 1, done.stdout
    wrong, voices, remedy, *_ = done.stdout.strip().split("\n\n")
    assert wrong == said
    assert file in voices
    assert remedy.startswith(("Change", "Put", "Take", "Leave"))


def test_pins_passes_on_every_model(any_model: tuple[str, Service]) -> None:
    done = any_model[1].lockstep("pins")

    assert done.returncode == 0, done.stdout
    assert "deploy/systemd/orders-api.socket" in done.stdout
    assert (COMPOSE in done.stdout) is (any_model[0] in PROXIED)


def test_the_image_of_the_proxy_is_named_while_it_is_pinned_by_tag(everywhere: Callable[[str], Service], tmp_path: Path) -> None:
    service = everywhere("gunicorn-gthread").copy(tmp_path / "pinned")
    assert "nginx-unprivileged" in service.lockstep("pins").stdout

    service.edit("deploy/compose.yaml", "-alpine}", f"-alpine@sha256:{64 * '0'}}}")

    assert "nginx-unprivileged" not in service.lockstep("pins").stdout
