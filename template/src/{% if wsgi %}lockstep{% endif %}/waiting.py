# Lockstep's: prove's own endpoint, for WSGI applications. Change it by `copier update`, not by hand.
"""While `prove` runs, one more path: it waits as this kind of application waits, so that overlap and draining can be
seen.

Without LOCKSTEP_PROVE in the environment nothing is added, not even a layer.
"""

import os
import time
from collections.abc import Iterable
from typing import Any

__all__ = ["wrap"]


def wrap(application: Any) -> Any:
    """The application itself, or with `GET /.lockstep/<token>/wait/<milliseconds>` in front of it."""
    token = os.environ.get("LOCKSTEP_PROVE")
    if not token:
        return application
    prefix = f"/.lockstep/{token}/wait/"

    def waiting(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(prefix):
            answer: Iterable[bytes] = application(environ, start_response)
            return answer
        time.sleep(int(path.removeprefix(prefix)) / 1000)
        worker = ("Lockstep-Worker", str(os.getpid()))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6"), worker])
        return [b"waited"]

    return waiting
