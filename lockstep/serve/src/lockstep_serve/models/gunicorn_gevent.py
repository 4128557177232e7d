"""gunicorn-gevent: greenlets in worker processes; thousands of requests wait in blocking code at once."""

from typing import TYPE_CHECKING

from lockstep_serve.models.model import COMMON, PROCESSES, Model

if TYPE_CHECKING:
    from lockstep_serve.definition import Definition

__all__ = ["MODEL"]


def run(definition: "Definition", reload: bool) -> None:
    """Run gunicorn in this process."""
    from lockstep_serve.on_gunicorn import server
    from lockstep_serve.on_gunicorn.gevent_worker import settings

    server.run(settings, reload=reload)


MODEL = Model(
    name="gunicorn-gevent",
    interface="WSGI",
    values=COMMON | PROCESSES | {"concurrency", "keep_alive"},
    abilities=frozenset({"overlap", "slow clients", "reload", "upgrade", "replace", "recycle", "refuse"}),
    ruling_variables=("GUNICORN_CMD_ARGS",),  # gunicorn's own way to be told; it would say things a second time
    at_once="concurrency",
    run=run,
)
