"""uvicorn-workers: uvicorn's own manager and its processes; requests overlap while they await."""

from lockstep_serve.models import ASGI_VALUES, PROCESSES, UVICORN, Model

__all__ = ["MODEL"]

MODEL = Model(
    name="uvicorn-workers",
    interface="ASGI",
    values=ASGI_VALUES | PROCESSES,
    abilities=frozenset({"overlap", "slow clients", "reload", "replace", "recycle", "refuse"}),
    packages=UVICORN,
    ruling_variables=("UVICORN_*",),  # uvicorn reads these by itself
    at_once="concurrency",
    server="on_uvicorn.processes",
)
