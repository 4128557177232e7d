# Lockstep's: gunicorn's settings, from the server definition. Change it by `copier update`, not by hand.
"""gunicorn's settings, each from the server definition or with its reason (https://docs.gunicorn.org/en/stable/settings.html)."""

import os

from lockstep.application import log_config
from lockstep.gunicorn_hooks import QuietLogger, post_fork, when_ready
from lockstep.model import processes
from lockstep.serving import in_force

__all__ = ["post_fork", "when_ready"]

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
logger_class = QuietLogger
logconfig_dict = log_config()
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a heartbeat on a disk can block
control_socket_disable = True  # it wants a writable home, and logs an error where there is none
