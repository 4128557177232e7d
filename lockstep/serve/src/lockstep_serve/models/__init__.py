"""The seven server models, a module each: what is known of them without importing a server."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from lockstep_serve.errors import Refusal

if TYPE_CHECKING:  # the definition names its model
    from lockstep_serve.definition import Definition
    from lockstep_serve.listening import Listener

__all__ = ["ASGI_VALUES", "NAMES", "PROCESSES", "UVICORN", "VALUES", "Model", "find_model"]

NAMES = (
    "gunicorn-sync",
    "gunicorn-gthread",
    "gunicorn-gevent",
    "uvicorn",
    "uvicorn-workers",
    "gunicorn-uvicorn",
    "gunicorn-asgi",
)
LIMITS = frozenset({"request_timeout", "max_headers", "max_header_bytes", "max_body_bytes"})
STOPPING = frozenset({"drain_lead", "drain", "grace"})
VALUES = LIMITS | STOPPING | {"host", "port", "root_path", "backlog", "trusted_proxies"}
ASGI_VALUES = VALUES | {"concurrency", "loop_stall", "keep_alive"}
UVICORN = dict.fromkeys(("uvicorn", "httptools", "uvloop"), "uvicorn[standard]")  # its modules, and what brings them
PROCESSES = frozenset({"workers", "max_requests", "max_requests_jitter"})


@dataclass(frozen=True)
class Model:
    """A server model.

    `values` are the names that `server.toml` states for it, `abilities` what it can do. `packages` are the modules
    that it imports and what brings each. `ruling_variables` are patterns of variables that its server reads by itself:
    a second source of truth.
    `at_once` is the value that says how many requests one process serves at once, empty for one.
    `server` is the module whose `run` starts the server.
    """

    name: str
    interface: str
    values: frozenset[str]
    abilities: frozenset[str]
    packages: Mapping[str, str]
    ruling_variables: tuple[str, ...]
    at_once: str
    server: str

    def run(self, definition: "Definition", listener: "Listener", *, reload: bool) -> None:
        """Start the server, and return when it stopped; only this imports it."""
        stated = os.environ.pop("WEB_CONCURRENCY", None)  # gunicorn reads it when it is imported, and knows no "auto"
        server = import_module(f"lockstep_serve.{self.server}")
        if stated is not None:
            os.environ["WEB_CONCURRENCY"] = stated
        server.run(definition, listener, reload=reload)

    def processes(self, definition: "Definition") -> tuple[int, str]:
        """The number of worker processes, and why."""
        if "workers" not in self.values:
            return 1, "one process a container, the orchestrator scales"
        if definition.workers == "auto":
            from lockstep_serve import workers  # a stated number needs no counting

            return workers.count()
        return int(definition.workers), definition.values["workers"].source

    def slots(self, definition: "Definition") -> int:
        """Requests that run at once in all processes."""
        return self.processes(definition)[0] * int(definition.values[self.at_once].value if self.at_once else 1)


def find_model(name: object, where: str = "server.toml") -> Model:
    """The model of this name, which `where` (a file and its line) states; raises Refusal for another name."""
    if name not in NAMES:
        raise Refusal(
            "The server model is not stated." if name is None else "There is no server model of this name.",
            [(where, "no `model`" if name is None else f"model = {name!r}"), ("models", ", ".join(NAMES))],
            f'Write `model = "…"` with one of these names into {where.partition(":")[0]}.',
        )
    model: Model = import_module(f"{__name__}.{str(name).replace('-', '_')}").MODEL
    return model
