# Lockstep's: gunicorn's settings for the model gunicorn-sync. Change it by `copier update`, not by hand.
"""One request a process. It closes each connection after its answer, so there is no keep-alive to set."""

from typing import Any

from lockstep.serve.definition import Definition
from lockstep.serve.gunicorn_life import LIFE
from lockstep.serve.gunicorn_shared import shared

__all__ = ["settings"]


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return (
        shared(definition)
        | LIFE
        | {
            "worker_class": "sync",
        }
    )
