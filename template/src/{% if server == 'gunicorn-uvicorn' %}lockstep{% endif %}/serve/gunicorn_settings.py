# Lockstep's: gunicorn's settings for the model gunicorn-uvicorn. Change it by `copier update`, not by hand.
"""uvicorn in each process."""

from typing import Any

from lockstep.serve.definition import Definition
from lockstep.serve.gunicorn_shared import shared
from lockstep.serve.gunicorn_uvicorn import Worker

__all__ = ["settings"]


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return shared(definition) | {
        "worker_class": Worker,
        "timeout": definition.request_timeout * 2,  # the watch over the loop comes first, and names the line
        "keepalive": definition.keep_alive,
    }
