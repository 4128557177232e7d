"""Whether the service lives, whether it may take traffic, and what exactly is running.

Plain functions: under ASGI Django calls them in a thread, so that a check may block, and under WSGI they cost no
event loop.
"""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from lockstep_serve import draining, identity

from . import NAME, VERSION
from .errors import answer
from .requests import only_reads, waits_for_nothing

__all__ = ["CHECKS", "live", "ready", "version"]

DRAINING = "The service is draining: it finishes what it has and takes nothing new."

log = logging.getLogger(__name__)

CHECKS: dict[str, Callable[[], None]] = {}
"""Yours: what must work before traffic may come, by name: `{"database": ping}`.

A check raises when it does not work. Give each a timeout below a second: one that hangs holds a
thread, and Kubernetes' probe waits one second.
"""


@waits_for_nothing
@only_reads
def live(_: HttpRequest) -> HttpResponse:
    """The process answers. No checks here: a restart does not repair a database."""
    return JsonResponse({"status": "live"})


@only_reads
def ready(_: HttpRequest) -> HttpResponse:
    """Traffic may come: the service is not draining and every check passes."""
    if draining():
        return answer(503, DRAINING)
    for name, check in CHECKS.items():
        try:
            check()
        except Exception:
            log.warning("readiness check %r failed", name, exc_info=True)
            return answer(503, f"The check {name!r} failed; the log says why.")
    return JsonResponse({"status": "ready"})


@only_reads
def version(_: HttpRequest) -> HttpResponse:
    """What is running; compare `environment` with what `parity` prints elsewhere."""
    it = identity()
    return JsonResponse(
        {
            "service": NAME,
            "version": VERSION,
            "commit": it.commit,
            "lockstep": it.lockstep,
            "environment": it.environment,
        }
    )
