# Lockstep's: gunicorn's settings for the model gunicorn-gevent. Change it by `copier update`, not by hand.
"""Greenlets in each process; blocking calls of the standard library give way to others."""

from typing import Any

from lockstep.serve.definition import Definition
from lockstep.serve.gunicorn_greenlets import Worker
from lockstep.serve.gunicorn_life import LIFE
from lockstep.serve.gunicorn_shared import shared

__all__ = ["settings"]

IDLE = 4  # connections for each request that may run: most of what proxies keep open idles


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return (
        shared(definition)
        | LIFE
        | {
            "worker_class": Worker,
            "worker_connections": definition.concurrency * IDLE,
            "keepalive": definition.keep_alive,
        }
    )
