"""Everything that stands around the ASGI application, from the innermost to the outermost."""

import os
from typing import Any

from lockstep_serve.asgi.gate import Gate
from lockstep_serve.definition import Definition

__all__ = ["wrap"]


def wrap(application: Any, definition: Definition, meter: Any | None) -> Any:
    """The application behind its gate, and outermost the `meter` if there is one: what the gate refuses is counted too."""
    if token := os.environ.get("LOCKSTEP_PROVE"):
        from lockstep_serve.asgi.waiting import Waiting  # production does not have it

        application = Waiting(application, token)
    gated = Gate(application, definition)
    if meter is None:
        return gated
    from lockstep_serve.asgi.measuring import Measured  # only a service with metrics needs it

    return Measured(gated, meter)
