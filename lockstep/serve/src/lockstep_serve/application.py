"""Find what the service announces in its entry points: the application, its log configuration, its server definition.

The entry points are in the installed metadata, so nothing here has to know the service's name. Metadata is read anew
each time, because a reload may follow an installation.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import Any

from lockstep_serve.definition import Definition, read_definition
from lockstep_serve.environment import announcements, find_metadata
from lockstep_serve.errors import Refusal

__all__ = [
    "announced",
    "build",
    "in_force",
    "load",
    "make",
    "origin",
    "package_directory",
    "readable_failure",
    "start_logging",
    "wrap",
]

BOOT_FAILURE = 3  # gunicorn's and uvicorn's own code for a worker that cannot boot: the manager then stops as well


def entry_points(name: str) -> list[str]:
    """What installed distributions announce as `name`, each as `module:object`."""
    return [points[name] for _, points in announcements(find_metadata()) if name in points]


def announced(name: str) -> bool:
    """Whether the service has this optional part."""
    return bool(entry_points(name))


def entry_point(name: str) -> str:
    """The one entry point `name` of the group `lockstep_serve`; raises Refusal when there is none or a choice."""
    found = entry_points(name)
    if len(found) == 1:
        return found[0]
    stated = ", ".join(found) or "announced by no installed distribution"
    raise Refusal(
        f"The service's `{name}` cannot be found.",
        [(f'[project.entry-points.lockstep_serve] {name} = "…"', stated)],
        "Announce exactly one in pyproject.toml, then run `uv sync`.",
    )


def package_directory() -> Path:
    """Where the package that holds the application is installed; found without importing it."""
    package = entry_point("app").partition(":")[0].partition(".")[0]
    spec = find_spec(package)
    locations = spec.submodule_search_locations if spec else None
    if not locations:
        raise Refusal(
            "The application's package is not installed.",
            [("pyproject.toml", f'app = "{entry_point("app")}"'), (sys.prefix, f"no {package}")],
            "Run `uv sync`, then try again.",
        )
    return Path(next(iter(locations)))


def in_force() -> Definition:
    """The server definition of the installed service, with what this environment changes in it."""
    return read_definition(package_directory() / "server.toml")


def load(name: str) -> Callable[[], Any]:
    """Import what the entry point names; raises Refusal with the line of the service's code that failed."""
    point = entry_point(name)
    module, _, member = point.partition(":")
    try:
        return attrgetter(member)(import_module(module))  # type: ignore[no-any-return]
    except Exception as error:
        raise Refusal(
            f"The service's `{name}` cannot be imported.",
            [(f"{name} = {point!r}", f"{type(error).__name__}: {error}"), *origin(error)],
            "Mend the import, then start again.",
        ) from error


def make(name: str) -> Any:
    """What the entry point's factory gives; raises Refusal with the line of the service's code that failed."""
    factory = load(name)
    try:
        return factory()
    except Exception as error:
        raise Refusal(
            f"The service's `{name}` cannot be made.",
            [(f"{name} = {entry_point(name)!r}", f"{type(error).__name__}: {error}"), *origin(error)],
            "Mend it, then start again.",
        ) from error


def origin(error: Exception) -> list[tuple[str, str]]:
    """The last line of this service's own code in a traceback: where it is, and its text."""
    from traceback import extract_tb  # a health check does without

    home = str(package_directory())
    frames = [f for f in extract_tb(error.__traceback__) if f.filename.startswith(home)]
    return [(f"{f.filename}:{f.lineno}", f.line or "") for f in frames[-1:]]


def build() -> Any:
    """The WSGI or ASGI application, built by its factory, behind its layer; what the server model serves."""
    with readable_failure():
        meter = make("metrics") if announced("metrics") else None  # first: it tidies up after the process that had this id
        return wrap(make("app"), meter)


def wrap(application: Any, meter: Any | None = None, *, watched: bool = True) -> Any:
    """The application behind the layer of the server model's interface; `watched` is for a server."""
    definition = in_force()
    around = import_module(f"lockstep_serve.{definition.model.interface.lower()}")
    if definition.root_path and definition.model.interface == "ASGI":
        application = import_module(f"{around.__name__}.below").Below(application, definition.root_path)
    if token := os.environ.get("LOCKSTEP_PROVE"):  # production does not have it
        application = import_module(f"{around.__name__}.waiting").Waiting(application, token)
    layer = around.Layer(application, definition, meter, watched=watched)
    return import_module(f"{around.__name__}.proxied").Proxied(layer, definition)


def start_logging() -> None:
    """Log by the service's configuration from now on."""
    import logging.config  # a health check does without

    with readable_failure():
        logging.config.dictConfig({"disable_existing_loggers": False, **make("logs")})  # those are the servers' and ours


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
