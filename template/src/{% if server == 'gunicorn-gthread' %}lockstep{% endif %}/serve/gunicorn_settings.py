# Lockstep's: gunicorn's settings for the model gunicorn-gthread. Change it by `copier update`, not by hand.
"""Threads in each process; a request that finds none waits in a short queue."""

from typing import Any

from lockstep.serve.definition import Definition
from lockstep.serve.gunicorn_life import LIFE
from lockstep.serve.gunicorn_shared import shared
from lockstep.serve.gunicorn_threads import Worker

__all__ = ["settings"]


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return (
        shared(definition)
        | LIFE
        | {
            "worker_class": Worker,
            "threads": definition.threads,
            "keepalive": definition.keep_alive,
        }
    )
