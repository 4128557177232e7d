"""gunicorn's own sync worker. It closes each connection after its answer, so there is no keep-alive to set."""

from typing import Any

from lockstep_serve.definition import Definition
from lockstep_serve.on_gunicorn.life import LIFE
from lockstep_serve.on_gunicorn.shared import shared

__all__ = ["settings"]


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return shared(definition) | LIFE | {"worker_class": "sync"}
