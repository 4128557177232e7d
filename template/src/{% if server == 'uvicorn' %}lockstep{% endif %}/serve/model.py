# Lockstep's: what the server model uvicorn promises and reads. Change it by `copier update`, not by hand.
"""uvicorn: one process, one event loop; requests overlap while they await, and the orchestrator scales."""

from lockstep.serve.definition import Definition

MODEL = "uvicorn"
VALUES = frozenset(
    {
        "host",
        "port",
        "backlog",
        "concurrency",
        "request_timeout",
        "loop_stall",
        "keep_alive",
        "max_headers",
        "max_header_bytes",
        "max_body_bytes",
        "drain_lead",
        "drain",
        "grace",
        "trusted_proxies",
    }
)
ABILITIES = frozenset({"overlap", "slow clients", "refuse"})
EXIT_CODES = frozenset({0, -15, 143})  # it raises the signal again after a clean shutdown
RULING_VARIABLES = ("UVICORN_*",)  # uvicorn's own way to be told; it would say things a second time


def processes(_: Definition) -> tuple[int, str]:
    """The number of processes, and why."""
    return 1, "one process a container, the orchestrator scales"


def slots(definition: Definition) -> int:
    """Requests that run at once."""
    return int(definition.concurrency)
