"""For paths that wait: what an import can change around a service (where modules are looked for, the time zone), and work."""

import json
import sys
import time

__all__ = ["compute", "describe"]


def describe() -> str:
    """As JSON; `prove` compares a worker with an interpreter that has just begun."""
    return json.dumps({"path": sys.path, "prefix": sys.prefix, "zone": time.tzname})


def compute(seconds: float) -> None:
    """Take that much of a processor, however long it has to share it."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(1000))
