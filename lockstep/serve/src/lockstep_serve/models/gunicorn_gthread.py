"""gunicorn-gthread: threads in worker processes; blocking requests overlap, up to workers x threads."""

from typing import TYPE_CHECKING

from lockstep_serve.models.model import COMMON, PROCESSES, Model

if TYPE_CHECKING:
    from lockstep_serve.definition import Definition

__all__ = ["MODEL"]


def run(definition: "Definition", reload: bool) -> None:
    """Run gunicorn in this process."""
    from lockstep_serve.on_gunicorn import server
    from lockstep_serve.on_gunicorn.gthread_worker import settings

    server.run(settings, reload=reload)


MODEL = Model(
    name="gunicorn-gthread",
    interface="WSGI",
    values=COMMON | PROCESSES | {"threads", "queue", "keep_alive"},
    abilities=frozenset({"overlap", "reload", "upgrade", "replace", "recycle", "refuse"}),
    ruling_variables=("GUNICORN_CMD_ARGS",),  # gunicorn's own way to be told; it would say things a second time
    at_once="threads",
    run=run,
)
