"""Everything that stands around the WSGI application, from the innermost to the outermost."""

from collections.abc import Callable
from typing import Any

from lockstep_serve.wsgi import gate, waiting

__all__ = ["wrap"]


def wrap(application: Any, meter: Callable[[], Any] | None) -> Any:
    """The application behind its gate, measured by what `meter` makes, if there is one: outermost, so that what the
    gate refuses is counted too.
    """
    gated = gate.wrap(waiting.wrap(application))
    if meter is None:
        return gated
    from lockstep_serve.wsgi.measuring import Measured  # only a service with metrics needs it

    return Measured(gated, meter())
