"""Run gunicorn in this process, with settings from the server definition; in a container its manager is PID 1.

gunicorn is built in as its documentation shows for custom applications
(https://docs.gunicorn.org/en/stable/custom.html): no command line and no configuration file is a second source of
truth. A reload reads the definition again.
"""

import os
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn has no types

from lockstep_serve import manager_log
from lockstep_serve.application import build, in_force
from lockstep_serve.definition import Definition
from lockstep_serve.listening import Listener
from lockstep_serve.on_gunicorn.arbiter import Arbiter
from lockstep_serve.on_gunicorn.hooks import HOOKS

__all__ = ["runner", "settings_for_all"]

Settings = Callable[[Definition], dict[str, Any]]


def settings_for_all(definition: Definition) -> dict[str, Any]:
    """Settings by gunicorn's names, for each kind of worker (https://docs.gunicorn.org/en/stable/settings.html)."""
    return {
        "workers": definition.model.processes(definition)[0],
        "backlog": definition.backlog,
        "timeout": definition.request_timeout,
        "graceful_timeout": definition.drain,
        "limit_request_line": min(definition.max_header_bytes, 8190),  # it takes no more
        "limit_request_fields": definition.max_headers,
        "limit_request_field_size": definition.max_header_bytes,
        "forwarded_allow_ips": "",  # `client_address` says who is believed
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,  # a heartbeat on a disk can block
        "control_socket_disable": True,  # it wants a writable home, and logs an error where there is none
    }


class Service(BaseApplication):  # type: ignore[misc]  # untyped, see above
    """This service as gunicorn sees it; the manager imports nothing of it, so a reload serves all of the new code.

    `settings` gives those of the server model by gunicorn's names; `more` are the same at each reload.
    """

    def __init__(self, settings: Settings, more: dict[str, Any]) -> None:
        self.settings_of, self.more = settings, more
        super().__init__()

    def load_config(self) -> None:
        """Called at the start and at each reload."""
        self.definition = in_force()
        settings = self.settings_of(self.definition) | HOOKS | self.more
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return build()

    def run(self) -> None:
        Arbiter(self).run()


def runner(settings: Settings) -> Callable[..., None]:
    """What starts gunicorn with these settings, and returns when it stopped."""

    def run(_: Definition, listener: Listener, *, reload: bool) -> None:  # a reload reads the definition again
        manager_log.configure()
        descriptor = listener.socket.detach()  # gunicorn finds an inherited one by itself, and closes any
        bind = {} if listener.inherited else {"bind": f"fd://{descriptor}"}
        Service(settings, bind | {"reload": reload}).run()

    return run
