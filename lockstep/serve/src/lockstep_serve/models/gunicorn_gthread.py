"""gunicorn-gthread: threads in worker processes; blocking requests overlap, up to workers x threads."""

from lockstep_serve.models import PROCESSES, VALUES, Model

__all__ = ["MODEL"]

MODEL = Model(
    name="gunicorn-gthread",
    interface="WSGI",
    values=VALUES | PROCESSES | {"threads", "queue", "keep_alive"},
    abilities=frozenset({"overlap", "reload", "upgrade", "replace", "recycle", "refuse"}),
    packages={"gunicorn": "gunicorn"},
    ruling_variables=("GUNICORN_CMD_ARGS", "SCRIPT_NAME"),  # gunicorn reads these by itself
    at_once="threads",
    server="on_gunicorn.gthread_worker",
)
