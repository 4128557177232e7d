"""While `prove` or `bench` runs, two more paths: one waits as this kind of application waits, so that overlap and
draining can be seen; the other computes.

Without LOCKSTEP_PROVE in the environment nothing is added, not even a layer.
"""

import os
import time
from collections.abc import Iterable
from typing import Any

__all__ = ["wrap"]


def wrap(application: Any) -> Any:
    """The application itself, or with `GET /.lockstep/<token>/wait/<milliseconds>` and `…/compute/…` in front of it."""
    token = os.environ.get("LOCKSTEP_PROVE")
    if not token:
        return application
    prefix = f"/.lockstep/{token}/"

    def waiting(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(prefix):
            answer: Iterable[bytes] = application(environ, start_response)
            return answer
        way, _, milliseconds = path.removeprefix(prefix).partition("/")
        (compute if way == "compute" else time.sleep)(int(milliseconds) / 1000)
        worker = ("Lockstep-Worker", str(os.getpid()))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6"), worker])
        return [b"waited"]

    return waiting


def compute(seconds: float) -> None:
    """Take that much of a processor, however long it has to share it."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(1000))
