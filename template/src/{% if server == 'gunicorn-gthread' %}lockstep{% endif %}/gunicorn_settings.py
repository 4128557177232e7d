# Lockstep's: gunicorn's settings, from the server definition. Change it by `copier update`, not by hand.
"""gunicorn's settings, each from the server definition or with its reason
(https://docs.gunicorn.org/en/stable/settings.html).
"""

import os
import time
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # gunicorn has no types
from lockstep.model import processes

from lockstep import drain
from lockstep.application import log_config
from lockstep.serving import in_force

definition = in_force()

wsgi_app = "lockstep.application:build()"
worker_class = "gthread"
host = f"[{definition.host}]" if ":" in definition.host else definition.host
bind = f"{host}:{definition.port}"
workers, _ = processes(definition)
threads = definition.threads
backlog = definition.backlog
timeout = definition.request_timeout
keepalive = definition.keep_alive
graceful_timeout = definition.drain
forwarded_allow_ips = definition.trusted_proxies
logconfig_dict = log_config()
worker_tmp_dir = (
    "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
)  # a heartbeat on a disk can block; macOS has none
control_socket_disable = True  # it wants a writable home, and logs an error where there is none


class logger_class(Logger):  # type: ignore[misc]
    """The application writes one line a request; gunicorn would build one more and throw it away."""

    def access(self, *_: Any) -> None:
        """Nothing."""


def when_ready(arbiter: Any) -> None:
    """On SIGTERM, turn readiness false first and stop accepting `drain_lead` seconds later."""
    stop = arbiter.handle_term

    def handle_term() -> None:
        drain.begin()
        time.sleep(definition.drain_lead)
        stop()

    arbiter.handle_term = handle_term
