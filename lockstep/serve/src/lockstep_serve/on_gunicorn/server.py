"""Run gunicorn in this process, so PID 1 in a container is its manager.

gunicorn is built in as its documentation shows for custom applications
(https://docs.gunicorn.org/en/stable/custom.html): the server definition is the one source of truth, no command line and
no configuration file is another. A reload reads the definition again.
"""

from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn has no types

from lockstep_serve import manager_log
from lockstep_serve.application import build
from lockstep_serve.definition import Definition
from lockstep_serve.on_gunicorn.arbiter import Arbiter
from lockstep_serve.on_gunicorn.hooks import HOOKS
from lockstep_serve.serving import in_force

__all__ = ["run"]

Settings = Callable[[Definition], dict[str, Any]]


class Service(BaseApplication):  # type: ignore[misc]  # untyped, see above
    """This service as gunicorn sees it; the manager imports nothing of it, so a reload serves all of the new code.

    `settings` gives those of the server model by gunicorn's names.
    """

    def __init__(self, settings: Settings, *, reload: bool) -> None:
        self.settings_of, self.reloads = settings, reload
        super().__init__()

    def load_config(self) -> None:
        """Called at the start and at each reload."""
        settings = self.settings_of(in_force()) | HOOKS | {"reload": self.reloads}
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return build()

    def run(self) -> None:
        Arbiter(self).run()


def run(settings: Settings, *, reload: bool) -> None:
    """Serve until told to stop."""
    manager_log.configure()
    Service(settings, reload=reload).run()
