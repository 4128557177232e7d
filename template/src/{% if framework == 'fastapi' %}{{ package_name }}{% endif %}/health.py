"""Whether the service lives, whether it may take traffic, and what exactly is running."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, HTTPException
from lockstep_serve import draining, identity

from . import NAME, VERSION

__all__ = ["CHECKS", "router"]

DRAINING = "The service is draining: it finishes what it has and takes nothing new."

log = logging.getLogger(__name__)
router = APIRouter(tags=["operation"])

CHECKS: dict[str, Callable[[], Awaitable[None]]] = {}
"""Yours: what must work before traffic may come, by name: `{"database": ping}`.

A check raises when it does not work.
"""

CHECK_SECONDS = 0.8  # a check that hangs must not hang the probe: Kubernetes' waits one second


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers. No checks here: a restart does not repair a database."""
    return {"status": "live"}


@router.get("/health/ready")
async def ready() -> dict[str, str]:
    """Traffic may come: the service is not draining and every check passes."""
    if draining():
        raise HTTPException(503, DRAINING)
    for name, check in CHECKS.items():
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await check()
        except Exception as error:
            log.warning("readiness check %r failed", name, exc_info=True)
            raise HTTPException(503, f"The check {name!r} failed; the log says why.") from error
    return {"status": "ready"}


@router.get("/version")
def version() -> dict[str, str]:
    """What is running; compare `environment` with what `parity` prints elsewhere."""
    it = identity()  # reads files at the first call; not being async keeps the event loop free
    return {
        "service": NAME,
        "version": VERSION,
        "commit": it.commit,
        "lockstep": it.lockstep,
        "environment": it.environment,
    }
