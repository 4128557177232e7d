# Lockstep's: what the server model gunicorn-sync promises and reads. Change it by `copier update`, not by hand.
"""gunicorn-sync: one request a process, the next one queues; for work that computes."""

from lockstep.serve import workers
from lockstep.serve.definition import Definition

MODEL = "gunicorn-sync"
VALUES = frozenset(
    {
        "host",
        "port",
        "backlog",
        "workers",
        "request_timeout",
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
ABILITIES = frozenset({"reload", "upgrade", "replace", "recycle"})
EXIT_CODES = frozenset({0})
RULING_VARIABLES = ("GUNICORN_CMD_ARGS",)  # gunicorn's own way to be told; it would say things a second time


def processes(definition: Definition) -> tuple[int, str]:
    """The number of worker processes, and why."""
    if definition.workers == "auto":
        return workers.count()
    return int(definition.workers), definition.values["workers"].voice


def slots(definition: Definition) -> int:
    """Requests that run at once."""
    return processes(definition)[0]
