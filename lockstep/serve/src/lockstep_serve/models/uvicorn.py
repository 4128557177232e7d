"""uvicorn: one process, one event loop; requests overlap while they await, and the orchestrator scales."""

from typing import TYPE_CHECKING

from lockstep_serve.models.model import ASGI_VALUES, Model

if TYPE_CHECKING:
    from lockstep_serve.definition import Definition

__all__ = ["MODEL"]


def run(definition: "Definition", reload: bool) -> None:
    """Run uvicorn in this process."""
    from lockstep_serve.on_uvicorn import one_process

    one_process.run(definition, reload=reload)


MODEL = Model(
    name="uvicorn",
    interface="ASGI",
    values=ASGI_VALUES,
    abilities=frozenset({"overlap", "slow clients", "refuse"}),
    ruling_variables=("UVICORN_*",),  # uvicorn's own way to be told; it would say things a second time
    at_once="concurrency",
    exit_codes=frozenset({0, -15, 143}),  # it raises the signal again after a clean shutdown
    run=run,
)
