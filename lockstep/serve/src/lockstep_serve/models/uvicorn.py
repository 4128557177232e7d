"""uvicorn: one process, one event loop; requests overlap while they await, and the orchestrator scales."""

from lockstep_serve.models import ASGI_VALUES, UVICORN, Model

__all__ = ["MODEL"]

MODEL = Model(
    name="uvicorn",
    interface="ASGI",
    values=ASGI_VALUES,
    abilities=frozenset({"overlap", "slow clients", "refuse"}),
    packages=UVICORN,
    ruling_variables=("UVICORN_*",),  # uvicorn reads these by itself
    at_once="concurrency",
    server="on_uvicorn.one_process",
)
