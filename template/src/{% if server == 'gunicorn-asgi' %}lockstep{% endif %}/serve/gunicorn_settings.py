# Lockstep's: gunicorn's settings for the model gunicorn-asgi. Change it by `copier update`, not by hand.
"""gunicorn's own ASGI workers, on uvloop."""

from typing import Any

from lockstep.serve.definition import Definition
from lockstep.serve.gunicorn_loop import Worker
from lockstep.serve.gunicorn_shared import shared

__all__ = ["settings"]


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return shared(definition) | {
        "worker_class": Worker,
        "timeout": definition.request_timeout * 2,  # the watch over the loop comes first, and names the line
        "asgi_loop": "uvloop",
        "worker_connections": definition.concurrency,
        "keepalive": definition.keep_alive,
    }
