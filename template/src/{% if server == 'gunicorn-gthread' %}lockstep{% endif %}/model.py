# Lockstep's: what the server model gunicorn-gthread promises and reads. Change it by `copier update`, not by hand.
"""gunicorn-gthread: threads in worker processes; blocking requests overlap, up to workers x threads."""

from lockstep import workers
from lockstep.definition import Definition

MODEL = "gunicorn-gthread"
VALUES = frozenset(
    {
        "host",
        "port",
        "workers",
        "threads",
        "backlog",
        "request_timeout",
        "keep_alive",
        "drain_lead",
        "drain",
        "grace",
        "trusted_proxies",
    }
)
EXIT_CODES = frozenset({0})
RULING_VARIABLES = ("GUNICORN_CMD_ARGS",)  # gunicorn would let it overrule the definition


def processes(definition: Definition) -> tuple[int, str]:
    """The number of worker processes, and why."""
    if definition.workers == "auto":
        return workers.count()
    return int(definition.workers), definition.values["workers"].voice


def slots(definition: Definition) -> int:
    """Requests that run at once."""
    return processes(definition)[0] * int(definition.threads)
