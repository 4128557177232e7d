"""gunicorn's own sync worker. It closes each connection after its answer, so there is no keep-alive to set."""

from typing import Any

from lockstep_serve.definition import Definition
from lockstep_serve.on_gunicorn import runner, settings_for_all
from lockstep_serve.on_gunicorn.wsgi import LIFE

__all__ = ["run"]


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return settings_for_all(definition) | LIFE | {"worker_class": "sync"}


run = runner(settings)
