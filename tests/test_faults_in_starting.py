"""What would start production in another way than it is proved is named, each by its gate."""

import re

import pytest

from conftest import Render, committed
from services import Service

GOOD = 'CMD ["/app/.venv/bin/python", "-m", "lockstep_serve", "serve"]'
IMAGE_FAULTS = {
    "a shell without exec in front": 'CMD ["sh", "-c", "python -m lockstep_serve serve; true"]',
    "a reload for laptops": 'CMD ["/app/.venv/bin/python", "-m", "lockstep_serve", "serve", "--reload"]',
    "the deprecated workers of uvicorn": 'CMD ["gunicorn", "-k", "uvicorn.workers.UvicornWorker", "orders_api.app:app"]',
    "as many workers as the host has processors": 'CMD ["sh", "-c", "WEB_CONCURRENCY=$(nproc) python -m lockstep_serve serve"]',
    "a development server": 'CMD ["fastapi", "dev"]',
}


@pytest.fixture
def service(flask: Service, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A copy to plant faults in."""
    return flask.copy(tmp_path_factory.mktemp("starting") / "service")


def refused(service: Service, *voices: str) -> None:
    done = service.nox("pins")

    assert done.returncode == 1, done.stdout
    for voice in voices:
        assert voice in done.stdout, done.stdout


def test_a_good_service_starts_one_way_everywhere(service: Service) -> None:
    done = service.nox("pins")

    assert done.returncode == 0, done.stdout
    assert "one start command in Dockerfile" in done.stdout


@pytest.mark.parametrize("fault", IMAGE_FAULTS)
def test_another_command_in_the_image_is_named(service: Service, fault: str) -> None:
    service.edit("Dockerfile", GOOD, IMAGE_FAULTS[fault])

    refused(service, "Production does not start the service the one way.", "Dockerfile:", IMAGE_FAULTS[fault])


@pytest.mark.parametrize("setting", ["WEB_CONCURRENCY=8", "SERVER_DRAIN=60"])
def test_a_value_that_the_image_overrules_is_named(service: Service, setting: str) -> None:
    service.edit("Dockerfile", "    PORT=8000\n", f"    PORT=8000 \\\n    {setting}\n")

    refused(service, "is stated two ways.", setting, "server.toml")


def test_a_reload_in_a_unit_is_named(render: Render) -> None:
    answers = {"project_name": "orders-api", "framework": "fastapi", "server": "gunicorn-asgi", "deploy": ["systemd"]}
    service = committed(render(answers))
    assert service.nox("pins").returncode == 0
    [unit] = (service.path / "deploy" / "systemd").glob("*.service")
    unit.write_text(re.sub(r"^(ExecStart=.*)$", r"\1 --reload", unit.read_text(), flags=re.MULTILINE))

    refused(service, "Production does not start the service the one way.", "--reload   <- differs")


def test_gevent_without_gunicorns_extra_dies_in_production_alone(render: Render) -> None:
    """The extra brings `packaging`; development packages bring it too, so only the production set shows that it is missing."""
    answers = {"project_name": "orders-api", "framework": "flask", "server": "gunicorn-gevent", "deploy": [], "ci": "none"}
    service = committed(render(answers))
    service.edit("pyproject.toml", '"gunicorn[gevent]>=27"', '"gunicorn>=27",\n    "gevent>=26"')
    locked = service.nox("relock")
    assert locked.returncode == 0, locked.stdout
    tested, proved = service.nox("tests"), service.nox("prove")

    assert tested.returncode == 0, tested.stdout
    assert proved.returncode == 1, proved.stdout
    assert "The service does not prove itself: becomes ready." in proved.stdout
    assert "No module named 'packaging'" in proved.stdout
