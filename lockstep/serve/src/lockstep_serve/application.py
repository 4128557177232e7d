"""Find what the service announces in its entry points: the application and its log configuration.

The entry points live in the installed metadata, so nothing here has to know the service's name.
"""

import logging.config
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lockstep_serve.errors import Refusal

__all__ = [
    "announced",
    "build",
    "entry_point",
    "load",
    "log_config",
    "origin",
    "package_directory",
    "readable_failure",
    "start_logging",
]

GROUP = "lockstep_serve"
BOOT_FAILURE = 3  # gunicorn's and uvicorn's own code for a worker that cannot boot: the manager then stops as well


def entry_point(name: str) -> EntryPoint:
    """The one entry point `name` of the group `lockstep_serve`; raises Refusal when there is none or a choice."""
    found = tuple(entry_points(group=GROUP, name=name))
    if len(found) != 1:
        said = ", ".join(point.value for point in found) or "announced by no installed distribution"
        raise Refusal(
            f"The service's `{name}` cannot be found.",
            [(f'[project.entry-points.lockstep_serve] {name} = "…"', said)],
            "Announce exactly one in pyproject.toml, then run `uv sync`.",
        )
    return found[0]


def package_directory() -> Path:
    """Where the package that holds the application is installed; found without importing it."""
    package = entry_point("app").module.partition(".")[0]
    spec = find_spec(package)
    locations = spec.submodule_search_locations if spec else None
    if not locations:
        raise Refusal(
            "The application's package is not installed.",
            [("pyproject.toml", f'app = "{entry_point("app").value}"'), (sys.prefix, f"no {package}")],
            "Run `uv sync`, then try again.",
        )
    return Path(next(iter(locations)))


def load(name: str) -> Callable[[], Any]:
    """Import what the entry point names; raises Refusal with the place of the failure in the service's code."""
    point = entry_point(name)
    try:
        return point.load()  # type: ignore[no-any-return]
    except Exception as error:
        raise Refusal(
            f"The service's `{name}` cannot be imported.",
            [(f"{name} = {point.value!r}", f"{type(error).__name__}: {error}"), *origin(error)],
            "Mend the import, then start again.",
        ) from error


def origin(error: Exception) -> list[tuple[str, str]]:
    """The last line of this service's own code in a traceback, as a voice."""
    home = str(package_directory())
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(home)]
    return [(f"{f.filename}:{f.lineno}", f.line or "") for f in frames[-1:]]


def announced(name: str) -> bool:
    """Whether the service has this optional part."""
    return bool(tuple(entry_points(group=GROUP, name=name)))


def build() -> Any:
    """The WSGI or ASGI application, built by its factory, behind its gate; what the server model serves."""
    from lockstep_serve.serving import in_force  # it needs this module to find the definition

    with readable_failure():
        layers = import_module(f"lockstep_serve.{in_force().model.interface.lower()}.layers")
        return layers.wrap(load("app")(), load("metrics") if announced("metrics") else None)


def start_logging() -> None:
    """Log as the service says from now on."""
    with readable_failure():
        logging.config.dictConfig(log_config())


@contextmanager
def readable_failure() -> Iterator[None]:
    """End the process with a readable message when the service cannot start: a server has only tracebacks."""
    try:
        yield
    except Refusal as refusal:
        print(refusal, file=sys.stderr, flush=True)
        sys.exit(BOOT_FAILURE)
    except SystemExit as stop:  # the application's own three-part error, for instance a bad setting
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr, flush=True)
        sys.exit(BOOT_FAILURE)


def log_config() -> dict[str, Any]:
    """The service's `logging.config.dictConfig` dictionary."""
    config: dict[str, Any] = load("logs")()
    return config
