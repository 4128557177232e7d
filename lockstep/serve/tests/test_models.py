"""What is known of each model without its server agrees with the definition that it reads."""

import pytest

from lockstep_serve.definition import read_definition
from lockstep_serve.errors import Refusal
from lockstep_serve.models import NAMES, find_model
from services import DEFINITIONS


@pytest.mark.parametrize("name", NAMES)
def test_a_model_has_its_name_its_interface_and_a_server(name: str) -> None:
    model = find_model(name)

    assert model.name == name
    assert model.interface == ("ASGI" if name in {"uvicorn", "uvicorn-workers", "gunicorn-uvicorn", "gunicorn-asgi"} else "WSGI")
    assert model.at_once in {*model.values, ""}
    assert "gunicorn" in model.packages or "uvicorn" in model.packages


@pytest.mark.parametrize(
    ("name", "processes", "slots"),
    [
        ("gunicorn-sync", 3, 3),
        ("gunicorn-gthread", 3, 24),
        ("gunicorn-gevent", 3, 3000),
        ("uvicorn", 1, 1000),
        ("uvicorn-workers", 3, 3000),
        ("gunicorn-uvicorn", 3, 3000),
        ("gunicorn-asgi", 3, 3000),
    ],
)
def test_requests_at_once_follow_from_processes_and_what_each_does(name: str, processes: int, slots: int) -> None:
    definition = read_definition(DEFINITIONS / f"{name}.toml", {"WEB_CONCURRENCY": "3"})

    assert definition.model.processes(definition)[0] == processes
    assert definition.model.slots(definition) == slots


@pytest.mark.parametrize("name", ["gunicorn", "", 3, ["uvicorn"]])
def test_another_name_is_refused(name: object) -> None:
    with pytest.raises(Refusal, match="no server model of this name"):
        find_model(name)
