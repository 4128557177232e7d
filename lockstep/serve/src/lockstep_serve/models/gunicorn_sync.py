"""gunicorn-sync: one request a process, the next one queues; for work that computes."""

from lockstep_serve.models import PROCESSES, VALUES, Model

__all__ = ["MODEL"]

MODEL = Model(
    name="gunicorn-sync",
    interface="WSGI",
    values=VALUES | PROCESSES,
    abilities=frozenset({"reload", "upgrade", "replace", "recycle"}),
    packages={"gunicorn": "gunicorn"},
    ruling_variables=("GUNICORN_CMD_ARGS", "SCRIPT_NAME"),  # gunicorn reads these by itself
    at_once="",
    server="on_gunicorn.sync_worker",
)
