# Lockstep's: gunicorn, whatever its workers are. Change it by `copier update`, not by hand.
"""Run gunicorn in this process, so PID 1 in a container is its manager.

gunicorn is built into the tool as its documentation shows for custom applications
(https://docs.gunicorn.org/en/stable/custom.html): the server definition is the one voice, no command line and no
configuration file is another. A reload reads the definition again.
"""

from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn has no types

from lockstep.serve import gunicorn_settings, manager_log
from lockstep.serve.application import build
from lockstep.serve.definition import Definition
from lockstep.serve.gunicorn_arbiter import Arbiter
from lockstep.serve.gunicorn_hooks import HOOKS
from lockstep.serve.serving import in_force

__all__ = ["run"]


class Service(BaseApplication):  # type: ignore[misc]  # untyped, see above
    """This service as gunicorn sees it; the manager imports nothing of it, so a reload serves all of the new code."""

    def __init__(self, *, reload: bool) -> None:
        self.reloads = reload
        super().__init__()

    def load_config(self) -> None:
        """Called at the start and at each reload."""
        settings = gunicorn_settings.settings(in_force()) | HOOKS | {"reload": self.reloads}
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return build()

    def run(self) -> None:
        Arbiter(self).run()


def run(_: Definition, *, reload: bool) -> None:
    """Serve until told to stop."""
    manager_log.configure()
    Service(reload=reload).run()
