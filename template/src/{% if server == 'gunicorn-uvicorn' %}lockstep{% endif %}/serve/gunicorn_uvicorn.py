# Lockstep's: uvicorn as gunicorn's worker. Change it by `copier update`, not by hand.
"""uvicorn as gunicorn's worker, by the package `uvicorn-worker`: `uvicorn.workers` is deprecated."""

from typing import Any

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]  # it has no types

from lockstep.serve.serving import in_force
from lockstep.serve.uvicorn_options import options

__all__ = ["Worker"]


class Worker(UvicornWorker):  # type: ignore[misc]  # untyped, see above
    """What gunicorn does not pass on: the protocol, and a bound on the drain."""

    @property
    def CONFIG_KWARGS(self) -> dict[str, Any]:  # uvicorn-worker's own name
        return options(in_force())
