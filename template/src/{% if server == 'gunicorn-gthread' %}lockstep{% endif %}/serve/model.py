# Lockstep's: what the server model gunicorn-gthread promises and reads. Change it by `copier update`, not by hand.
"""gunicorn-gthread: threads in worker processes; blocking requests overlap, up to workers x threads."""

from lockstep.serve import workers
from lockstep.serve.definition import Definition

MODEL = "gunicorn-gthread"
VALUES = frozenset(
    {
        "host",
        "port",
        "backlog",
        "workers",
        "threads",
        "queue",
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
ABILITIES = frozenset({"overlap", "reload", "upgrade", "replace", "recycle", "refuse"})
EXIT_CODES = frozenset({0})
RULING_VARIABLES = ("GUNICORN_CMD_ARGS",)  # gunicorn's own way to be told; it would say things a second time


def processes(definition: Definition) -> tuple[int, str]:
    """The number of worker processes, and why."""
    if definition.workers == "auto":
        return workers.count()
    return int(definition.workers), definition.values["workers"].voice


def slots(definition: Definition) -> int:
    """Requests that run at once."""
    return processes(definition)[0] * int(definition.threads)
