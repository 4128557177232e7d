# Lockstep's: what answers ask for around the service. Change it by `copier update`, not by hand.
"""What stands around the server and around the application: nothing was asked for."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

__all__ = ["around_server", "wrap"]


def around_server() -> AbstractContextManager[None]:
    """From before the first worker to after the last."""
    return nullcontext()


def wrap(application: Any) -> Any:
    """The application itself."""
    return application
