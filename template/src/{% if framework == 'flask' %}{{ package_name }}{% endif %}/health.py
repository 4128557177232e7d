"""Whether the service lives, whether it may take traffic, and what exactly is running."""

import logging
from collections.abc import Callable

from flask import Blueprint, abort
from lockstep_serve import draining, identity

from . import NAME, VERSION

__all__ = ["CHECKS", "blueprint"]

DRAINING = "The service is draining: it finishes what it has and takes nothing new."

log = logging.getLogger(__name__)
blueprint = Blueprint("health", __name__)

CHECKS: dict[str, Callable[[], None]] = {}
"""Yours: what must work before traffic may come, by name: `{"database": ping}`.

A check raises when it does not work. Give each a timeout below a second: one that hangs holds a
thread, and Kubernetes' probe waits one second.
"""


@blueprint.get("/health/live")
def live() -> dict[str, str]:
    """The process answers. No checks here: a restart does not repair a database."""
    return {"status": "live"}


@blueprint.get("/health/ready")
def ready() -> dict[str, str]:
    """Traffic may come: the service is not draining and every check passes."""
    if draining():
        abort(503, DRAINING)
    for name, check in CHECKS.items():
        try:
            check()
        except Exception:
            log.warning("readiness check %r failed", name, exc_info=True)
            abort(503, f"The check {name!r} failed; the log says why.")
    return {"status": "ready"}


@blueprint.get("/version")
def version() -> dict[str, str]:
    """What is running; compare `environment` with what `parity` prints elsewhere."""
    it = identity()
    return {
        "service": NAME,
        "version": VERSION,
        "commit": it.commit,
        "lockstep": it.lockstep,
        "environment": it.environment,
    }
