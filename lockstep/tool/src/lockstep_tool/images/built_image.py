"""Look into a built image: what it says of itself, what is in it, what it weighs, what it does; checks judge it."""

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockstep_serve.definition import read_definition
from lockstep_serve.runtime import SETTINGS
from lockstep_tool import engine
from lockstep_tool.engine import PYTHON_IN_IMAGE
from lockstep_tool.images.base import Base, find_base
from lockstep_tool.images.budget import Budget, read_budget
from lockstep_tool.images.container import Container
from lockstep_tool.images.contents import Contents, read_contents
from lockstep_tool.images.labels import labels_of
from lockstep_tool.images.layer_sizes import measure_layers
from lockstep_tool.images.run_image import SERVER, Run, run_image, settings_of_run
from lockstep_tool.images.saved import SavedImage
from lockstep_tool.images.uncommitted import name_left_out
from lockstep_tool.service import Service
from lockstep_tool.stand_ins import needed_names, stand_ins

__all__ = [
    "COMMAND",
    "HEALTH",
    "PORT",
    "SECOND",
    "USER",
    "VARIABLES",
    "BuiltImage",
    "environment_of_image",
    "look_into_image",
    "needed_variables",
]

SIZES = Path(".nox", "report", "layers.json")
SHORTEST = 8  # characters of a secret's value: a shorter one is in any text
COMMAND = [PYTHON_IN_IMAGE, *SERVER]
PORT = "8000"
USER = "10001:10001"
SECOND = 1_000_000_000  # in the unit of the image's configuration
HEALTH: Mapping[str, Any] = {
    "Test": ["CMD", PYTHON_IN_IMAGE, "-I", "-m", "lockstep_serve", "health"],
    "Interval": 10 * SECOND,
    "Timeout": 3 * SECOND,
    "StartPeriod": 15 * SECOND,
    "Retries": 3,
}
VARIABLES = {
    **SETTINGS,
    "PATH": "/app/.venv/bin:/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PORT": PORT,
}


@dataclass(frozen=True)
class BuiltImage:
    """What a check of `image` is given.

    `labels` are those that the checkout gives its image, `production` the distributions that belong into it, `secrets`
    values that must be nowhere in it. `other` is one that must be the same bits.
    """

    service: Service
    budget: Budget
    saved: SavedImage
    base: Base
    contents: Contents
    sizes: tuple[int, ...]
    """Compressed bytes of each layer, the base's first."""
    run: Run
    labels: Mapping[str, str]
    production: Collection[str]
    secrets: Collection[str] = ()
    left_out: Sequence[str] = ()
    """Files of the commit that belong to the service's package and that no wheel has."""
    other: SavedImage | None = None

    @property
    def name(self) -> str:
        """The service's own distribution."""
        return str(self.service.lock.root["name"])

    @property
    def config(self) -> Mapping[str, Any]:
        """What the image says of itself: user, command, variables, labels, ports, health check."""
        config: Mapping[str, Any] = self.saved.config["config"]
        return config


def look_into_image(service: Service, chosen: str, tag: str, saved: SavedImage) -> BuiltImage:
    """The image `tag` of the engine `chosen`; the container lives while the layers are read.

    Raises Refusal where it cannot be looked at.
    """
    budget, config = read_budget(service), saved.config["config"]
    definition = read_definition(service.package / "server.toml", VARIABLES)
    container = Container(chosen, tag, budget.memory, settings_of_run(definition, needed_variables(service)))
    production = {str(service.lock.root["name"]), *service.packages(engine.markers_of_image(service.python))}
    with ThreadPoolExecutor() as pool:
        running = pool.submit(run_image, container, config, definition)
        weighing = pool.submit(measure_layers, saved, service.root / SIZES)
        base = find_base(service, chosen)
        contents = read_contents(saved, layers_of_base(saved, base))
        sizes, run = tuple(weighing.result()), running.result()
    labels = labels_of(service, environment_of_image(service))
    secrets, left_out = secret_values(service), name_left_out(service)
    return BuiltImage(service, budget, saved, base, contents, sizes, run, labels, production, secrets, left_out)


def layers_of_base(saved: SavedImage, base: Base) -> int | None:
    """How many layers are the base's; None where the image does not begin with them, or nobody knows them."""
    first = tuple(layer.digest for layer in saved.layers[: len(base.layers)])
    return len(first) if first and first == base.layers else None


def environment_of_image(service: Service) -> str:
    """The environment id that the image must print."""
    return service.environment(engine.markers_of_image(service.python))


def needed_variables(service: Service) -> dict[str, str]:
    """What the service does not start without: its secrets, made up where they are not set."""
    names = needed_names(service)
    return {**{name: os.environ[name] for name in names if os.environ.get(name)}, **stand_ins(service.root)}


def secret_values(service: Service) -> list[str]:
    """Values that must be nowhere in the image: the service's secrets, and the credentials in a build's uv.toml."""
    values = [os.environ.get(name, "") for name in needed_names(service)]
    if path := os.environ.get("LOCKSTEP_BUILD_UV_TOML"):
        values += credentials(Path(path).read_text(encoding="utf-8"))
    return [value for value in values if len(value) >= SHORTEST]


def credentials(text: str) -> Iterator[str]:
    """Passwords in addresses, and values whose name says that they are secret."""
    yield from re.findall(r"://[^\s/@:\"']*:([^\s/@\"']+)@", text)
    yield from re.findall(r"(?:password|token|secret)\w*\s*=\s*[\"']([^\"']+)[\"']", text, re.IGNORECASE)
