"""gunicorn-asgi: gunicorn and its own ASGI workers; requests overlap while they await."""

from lockstep_serve.models import ASGI_VALUES, PROCESSES, Model

__all__ = ["MODEL"]

MODEL = Model(
    name="gunicorn-asgi",
    interface="ASGI",
    values=ASGI_VALUES | PROCESSES,
    abilities=frozenset({"overlap", "slow clients", "reload", "upgrade", "replace", "recycle", "refuse"}),
    packages={"gunicorn": "gunicorn", "uvloop": "uvloop"},
    ruling_variables=("GUNICORN_CMD_ARGS",),  # gunicorn reads this by itself
    at_once="concurrency",
    server="on_gunicorn.asgi_worker",
)
