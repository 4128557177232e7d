"""A service of each server model, and one server of it for tests that leave it as it was."""

from collections.abc import Iterator

import pytest

from running import Running
from services import MAX_BODY_BYTES, MODELS, Service, make_service


@pytest.fixture(scope="session", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in MODELS])
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def service(model: str, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service that announces a `worker`, as rendered ones do; tests that change it put back what was there."""
    return make_service(tmp_path_factory.mktemp(model), model, "worker")


@pytest.fixture(scope="session")
def production(service: Service) -> Iterator[Running]:
    """One as in production: no path for proofs, processes counted, no home; its proxy is not the one that asks."""
    environment = {"LOCKSTEP_PROVE": "", "WEB_CONCURRENCY": "auto", "HOME": "/nonexistent", "FORWARDED_ALLOW_IPS": "192.0.2.1"}
    with service.serving(**environment) as server:
        yield server


@pytest.fixture(scope="session")
def server(service: Service) -> Iterator[Running]:
    with service.serving(SERVER_MAX_BODY_BYTES=str(MAX_BODY_BYTES)) as server:
        yield server
