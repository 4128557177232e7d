"""uvicorn as gunicorn's worker, by the package `uvicorn-worker`: `uvicorn.workers` is deprecated."""

from typing import Any

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]  # it has no types

from lockstep_serve.definition import Definition
from lockstep_serve.on_gunicorn.shared import shared
from lockstep_serve.on_uvicorn.options import options
from lockstep_serve.serving import in_force

__all__ = ["Worker", "settings"]


class Worker(UvicornWorker):  # type: ignore[misc]  # untyped, see above
    """What gunicorn does not pass on: the protocol, and a bound on the drain."""

    @property
    def CONFIG_KWARGS(self) -> dict[str, Any]:  # uvicorn-worker's own name
        return options(in_force())


def settings(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names."""
    return shared(definition) | {
        "worker_class": Worker,
        "timeout": definition.request_timeout * 2,  # the watch over the loop comes first, and names the line
        "keepalive": definition.keep_alive,
    }
