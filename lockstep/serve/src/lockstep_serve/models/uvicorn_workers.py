"""uvicorn-workers: uvicorn's own manager and its processes; requests overlap while they await."""

from typing import TYPE_CHECKING

from lockstep_serve.models.model import ASGI_VALUES, PROCESSES, Model

if TYPE_CHECKING:
    from lockstep_serve.definition import Definition

__all__ = ["MODEL"]


def run(definition: "Definition", reload: bool) -> None:
    """Run the manager of uvicorn in this process, and uvicorn in its children."""
    from lockstep_serve.on_uvicorn import managed

    managed.run(definition, reload=reload)


MODEL = Model(
    name="uvicorn-workers",
    interface="ASGI",
    values=ASGI_VALUES | PROCESSES,
    abilities=frozenset({"overlap", "slow clients", "reload", "replace", "recycle", "refuse"}),
    ruling_variables=("UVICORN_*",),  # uvicorn's own way to be told; it would say things a second time
    at_once="concurrency",
    run=run,
)
