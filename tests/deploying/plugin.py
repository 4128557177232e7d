"""Fixtures: services of every server model with all of `deploy/`, two of them ready to run, and nginx."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from services import Service

from .nginx import COMPOSE, SITE, Proxy, proxying
from .units import installed, serving

PROXIED = ("gunicorn-sync", "gunicorn-gthread")
MODELS = {
    "gunicorn-sync": "flask",
    "gunicorn-gthread": "flask",
    "gunicorn-gevent": "flask",
    "uvicorn": "fastapi",
    "uvicorn-workers": "fastapi",
    "gunicorn-uvicorn": "fastapi",
    "gunicorn-asgi": "fastapi",
}

# What the service is told about a request: added to the example, because a service has no such endpoint.
SEEN = '''

@blueprint.route("/seen", methods=["GET", "POST"])
def seen() -> dict[str, object]:
    """Say what arrived."""
    from flask import request

    told = {"remote": request.remote_addr, "scheme": request.scheme, "body": len(request.get_data())}
    return told | {"headers": dict(request.headers)}
'''


@pytest.fixture(scope="session")
def everywhere(render: Callable[[Mapping[str, object]], Path]) -> Callable[[str], Service]:
    """A service of a server model with everything in `deploy/`, each rendered once."""
    made: dict[str, Service] = {}

    def make(server: str) -> Service:
        if server not in made:
            answers = {"project_name": "orders-api", "framework": MODELS[server], "server": server, "ci": "none"}
            made[server] = Service(render({**answers, "deploy": ["compose", "kubernetes", "systemd"]}), {})
        return made[server]

    return make


@pytest.fixture(params=MODELS)
def any_model(request: pytest.FixtureRequest, everywhere: Callable[[str], Service]) -> tuple[str, Service]:
    return request.param, everywhere(request.param)


@pytest.fixture(scope="session")
def gthread(everywhere: Callable[[str], Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service with its production set and the endpoint `/seen`."""
    service = everywhere("gunicorn-gthread").copy(tmp_path_factory.mktemp("gthread") / "service")
    hello = service.package() / "hello.py"
    hello.write_text(hello.read_text() + SEEN)
    return installed(service)


@pytest.fixture(scope="session")
def sync(everywhere: Callable[[str], Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    return installed(everywhere("gunicorn-sync").copy(tmp_path_factory.mktemp("sync") / "service"))


@pytest.fixture(scope="session")
def uvicorn(everywhere: Callable[[str], Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    return installed(everywhere("uvicorn").copy(tmp_path_factory.mktemp("uvicorn") / "service"))


@pytest.fixture(scope="session")
def nginx() -> str:
    """Skip, aloud, where there is none."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip("not looked at: there is no nginx here (apt-get install nginx-light)")
    return found


@pytest.fixture(scope="module", params=[COMPOSE, SITE], ids=["compose", "systemd"])
def proxied(
    request: pytest.FixtureRequest, nginx: str, gthread: Service, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    """One worker with two threads, behind the proxy of compose and of a host."""
    folder = tmp_path_factory.mktemp("proxied")
    with serving(gthread, SERVER_THREADS="2") as (_, port), proxying(nginx, gthread, folder, port, file=request.param) as proxy:
        yield proxy
