"""gunicorn-uvicorn: gunicorn manages processes, uvicorn serves in each; requests overlap while they await."""

from lockstep_serve.models import ASGI_VALUES, PROCESSES, UVICORN, Model

__all__ = ["MODEL"]

MODEL = Model(
    name="gunicorn-uvicorn",
    interface="ASGI",
    values=ASGI_VALUES | PROCESSES,
    abilities=frozenset({"overlap", "slow clients", "reload", "upgrade", "replace", "recycle", "refuse"}),
    packages={"gunicorn": "gunicorn", **UVICORN, "uvicorn_worker": "uvicorn-worker"},
    ruling_variables=("GUNICORN_CMD_ARGS", "UVICORN_*"),  # they read these by themselves
    at_once="concurrency",
    server="on_gunicorn.uvicorn_worker",
)
