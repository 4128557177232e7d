# Lockstep's: what answers ask for around the service. Change it by `copier update`, not by hand.
"""What stands around the server and around the application: the metrics."""

from contextlib import AbstractContextManager
from typing import Any

from lockstep.serve import measuring, metrics_folder
from lockstep.serve.application import load

__all__ = ["around_server", "wrap"]


def around_server() -> AbstractContextManager[None]:
    """From before the first worker to after the last."""
    return metrics_folder.made()


def wrap(application: Any) -> Any:
    """The application, measured as the service says; outermost, so that what the gate refuses is counted too."""
    return measuring.Measured(application, load("metrics")())
