"""gunicorn-uvicorn: gunicorn manages processes, uvicorn serves in each; requests overlap while they await."""

from typing import TYPE_CHECKING

from lockstep_serve.models.model import ASGI_VALUES, PROCESSES, Model

if TYPE_CHECKING:
    from lockstep_serve.definition import Definition

__all__ = ["MODEL"]


def run(definition: "Definition", reload: bool) -> None:
    """Run gunicorn in this process."""
    from lockstep_serve.on_gunicorn import server
    from lockstep_serve.on_gunicorn.uvicorn_worker import settings

    server.run(settings, reload=reload)


MODEL = Model(
    name="gunicorn-uvicorn",
    interface="ASGI",
    values=ASGI_VALUES | PROCESSES,
    abilities=frozenset({"overlap", "slow clients", "reload", "upgrade", "replace", "recycle", "refuse"}),
    ruling_variables=("GUNICORN_CMD_ARGS", "UVICORN_*"),  # their own ways to be told; they would say things a second time
    at_once="concurrency",
    run=run,
)
