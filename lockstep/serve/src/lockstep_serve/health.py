"""Ask the server of this machine whether it takes traffic."""

from lockstep_serve.client import get
from lockstep_serve.serving import in_force

__all__ = ["healthy"]


def healthy() -> bool:
    """Whether readiness answers 200 within 2 s, on the port that the definition says."""
    try:
        return get(in_force().port, "/health/ready", timeout=2).status == 200
    except OSError:
        return False
