# Lockstep's: what the server model gunicorn-gevent promises and reads. Change it by `copier update`, not by hand.
"""gunicorn-gevent: greenlets in worker processes; thousands of requests wait in blocking code at once."""

from lockstep.serve import workers
from lockstep.serve.definition import Definition

MODEL = "gunicorn-gevent"
VALUES = frozenset(
    {
        "host",
        "port",
        "backlog",
        "workers",
        "concurrency",
        "request_timeout",
        "keep_alive",
        "max_headers",
        "max_header_bytes",
        "max_body_bytes",
        "max_requests",
        "max_requests_jitter",
        "drain_lead",
        "drain",
        "grace",
        "trusted_proxies",
    }
)
ABILITIES = frozenset({"overlap", "slow clients", "reload", "upgrade", "replace", "recycle", "refuse"})
EXIT_CODES = frozenset({0})
RULING_VARIABLES = ("GUNICORN_CMD_ARGS",)  # gunicorn's own way to be told; it would say things a second time


def processes(definition: Definition) -> tuple[int, str]:
    """The number of worker processes, and why."""
    if definition.workers == "auto":
        return workers.count()
    return int(definition.workers), definition.values["workers"].voice


def slots(definition: Definition) -> int:
    """Requests that run at once."""
    return processes(definition)[0] * int(definition.concurrency)
