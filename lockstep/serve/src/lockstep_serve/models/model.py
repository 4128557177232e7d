"""What is known of a server model without importing its server."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockstep_serve import workers

if TYPE_CHECKING:  # the definition names its model
    from lockstep_serve.definition import Definition

__all__ = ["ASGI_VALUES", "COMMON", "PROCESSES", "Model"]

COMMON = frozenset(
    {
        "host",
        "port",
        "backlog",
        "request_timeout",
        "max_headers",
        "max_header_bytes",
        "max_body_bytes",
        "drain_lead",
        "drain",
        "grace",
        "trusted_proxies",
    }
)
ASGI_VALUES = COMMON | {"concurrency", "loop_stall", "keep_alive"}
PROCESSES = frozenset({"workers", "max_requests", "max_requests_jitter"})


@dataclass(frozen=True)
class Model:
    """A server model.

    `values` are the names that `server.toml` states for it, `abilities` what it can do, `exit_codes` how its process
    ends when it is told to stop, `ruling_variables` patterns of variables by which its server is told elsewhere.
    `at_once` is the value that says how many requests one process serves at once, empty for one.
    `run` starts the server and returns when it stopped; it is the only part that imports the server.
    """

    name: str
    interface: str
    values: frozenset[str]
    abilities: frozenset[str]
    ruling_variables: tuple[str, ...]
    at_once: str
    run: Callable[["Definition", bool], None]
    exit_codes: frozenset[int] = frozenset({0})

    def processes(self, definition: "Definition") -> tuple[int, str]:
        """The number of worker processes, and why."""
        if "workers" not in self.values:
            return 1, "one process a container, the orchestrator scales"
        if definition.workers == "auto":
            return workers.count()
        return int(definition.workers), definition.values["workers"].source

    def slots(self, definition: "Definition") -> int:
        """Requests that run at once in all processes."""
        return self.processes(definition)[0] * int(definition.values[self.at_once].value if self.at_once else 1)
