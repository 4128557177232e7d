"""gunicorn-gevent: greenlets in worker processes; thousands of requests wait in blocking code at once."""

from lockstep_serve.models import PROCESSES, VALUES, Model

__all__ = ["MODEL"]

MODEL = Model(
    name="gunicorn-gevent",
    interface="WSGI",
    values=VALUES | PROCESSES | {"concurrency", "keep_alive"},
    abilities=frozenset({"overlap", "slow clients", "reload", "upgrade", "replace", "recycle", "refuse"}),
    packages={"gunicorn": "gunicorn[gevent]", "gevent": "gunicorn[gevent]", "packaging": "gunicorn[gevent]"},
    ruling_variables=("GUNICORN_CMD_ARGS", "SCRIPT_NAME"),  # gunicorn reads these by itself
    at_once="concurrency",
    server="on_gunicorn.gevent_worker",
)
