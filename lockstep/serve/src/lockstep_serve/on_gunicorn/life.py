"""gunicorn's hooks around a worker's requests. Under ASGI the gate does this, where the event loop already runs."""

from typing import Any

from lockstep_serve import worker_life

__all__ = ["LIFE"]


def post_worker_init(_: Any) -> None:
    worker_life.begin()


def worker_exit(_: Any, __: Any) -> None:  # gunicorn counts the arguments
    worker_life.end()


LIFE = {"post_worker_init": post_worker_init, "worker_exit": worker_exit}
