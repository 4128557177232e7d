"""gunicorn-sync: one request a process, the next one queues; for work that computes."""

from typing import TYPE_CHECKING

from lockstep_serve.models.model import COMMON, PROCESSES, Model

if TYPE_CHECKING:
    from lockstep_serve.definition import Definition

__all__ = ["MODEL"]


def run(definition: "Definition", reload: bool) -> None:
    """Run gunicorn in this process."""
    from lockstep_serve.on_gunicorn import server
    from lockstep_serve.on_gunicorn.sync_worker import settings

    server.run(settings, reload=reload)


MODEL = Model(
    name="gunicorn-sync",
    interface="WSGI",
    values=COMMON | PROCESSES,
    abilities=frozenset({"reload", "upgrade", "replace", "recycle"}),
    ruling_variables=("GUNICORN_CMD_ARGS",),  # gunicorn's own way to be told; it would say things a second time
    at_once="",
    run=run,
)
