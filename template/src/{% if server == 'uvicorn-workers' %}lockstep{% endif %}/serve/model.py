# Lockstep's: what the server model uvicorn-workers promises and reads. Change it by `copier update`, not by hand.
"""uvicorn-workers: uvicorn's own manager and its processes; requests overlap while they await."""

from lockstep.serve import workers
from lockstep.serve.definition import Definition

MODEL = "uvicorn-workers"
VALUES = frozenset(
    {
        "host",
        "port",
        "backlog",
        "workers",
        "concurrency",
        "request_timeout",
        "loop_stall",
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
ABILITIES = frozenset({"overlap", "slow clients", "reload", "replace", "recycle", "refuse"})
EXIT_CODES = frozenset({0})
RULING_VARIABLES = ("UVICORN_*",)  # uvicorn's own way to be told; it would say things a second time


def processes(definition: Definition) -> tuple[int, str]:
    """The number of worker processes, and why."""
    if definition.workers == "auto":
        return workers.count()
    return int(definition.workers), definition.values["workers"].voice


def slots(definition: Definition) -> int:
    """Requests that run at once."""
    return processes(definition)[0] * int(definition.concurrency)
