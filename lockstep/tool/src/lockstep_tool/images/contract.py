"""Look into a built image and hold it to its contract: what it says of itself, what is in it, what it does."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from lockstep_serve import models as model
from lockstep_serve.definition import read
from lockstep_tool.checks.of_images import IMAGE_FACETS
from lockstep_tool.declared import own_packages
from lockstep_tool.environments.finding import Finding
from lockstep_tool.images.budget import read_budget
from lockstep_tool.images.clauses_files import held
from lockstep_tool.images.clauses_running import ran, settings_for
from lockstep_tool.images.clauses_size import measured, weighed
from lockstep_tool.images.clauses_stated import VARIABLES, stated
from lockstep_tool.images.container import Container
from lockstep_tool.images.contents import read_contents
from lockstep_tool.images.saved import Saved
from lockstep_tool.stand_ins import stand_ins
from lockstep_tool.toml_file import read_toml

__all__ = ["Seen", "look", "needed"]

SHORTEST = 8  # characters of a secret's value: a shorter one is in any text


@dataclass(frozen=True)
class Seen:
    """What an image weighs, the number of its layers, those of the base, and what breaks or stretches its contract."""

    sizes: list[int]
    below: int
    findings: list[Finding]


def look(root: Path, chosen: str, tag: str, image: Saved, labels: Mapping[str, str], production: Collection[str]) -> Seen:
    """All clauses; the container lives while the layers are read. Raises Refusal where it cannot be looked at.

    `labels` are those that the checkout gives its image, `production` the distributions that belong into it.
    """
    budget, config = read_budget(root), image.config["config"]
    package = next(path for path in own_packages(root) if path.name != "lockstep")
    definition = read(package / "server.toml", model.VALUES, VARIABLES)
    container = Container(chosen, tag, budget.memory, settings_for(definition, needed(root)))
    with ThreadPoolExecutor() as pool:
        running = pool.submit(lambda: list(ran(container, config, labels["lockstep.environment"], definition)))
        weighing = pool.submit(measured, image, root / ".lockstep" / "layers.json")
        contents = read_contents(image)
        found = [
            *stated(config, labels, budget),
            *held(contents, dict(image.config), production, hidden(root), budget),
            *running.result(),
            *weighed(weighing.result(), contents, budget),
        ]
    return Seen(weighing.result(), contents.below, [told(finding) for finding in found])


def told(finding: Finding) -> Finding:
    return replace(finding, place="image", fix=IMAGE_FACETS[finding.facet].fix)


def needed(root: Path) -> dict[str, str]:
    """What the service does not start without: its secrets, made up where they are not set."""
    return {**{name: os.environ[name] for name in declared(root) if os.environ.get(name)}, **stand_ins(root)}


def hidden(root: Path) -> list[str]:
    """Values that must be nowhere in the image: the service's secrets, and the credentials in a build's uv.toml."""
    values = [os.environ.get(name, "") for name in declared(root)]
    if path := os.environ.get("LOCKSTEP_BUILD_UV_TOML"):
        values += credentials(Path(path).read_text(encoding="utf-8"))
    return [value for value in values if len(value) >= SHORTEST]


def declared(root: Path) -> list[str]:
    names = read_toml(root / "pyproject.toml").get("tool", {}).get("lockstep", {}).get("secrets", [])
    return [str(name) for name in names]


def credentials(text: str) -> Iterator[str]:
    """Passwords in addresses, and values whose name says that they are secret."""
    yield from re.findall(r"://[^\s/@:\"']*:([^\s/@\"']+)@", text)
    yield from re.findall(r"(?:password|token|secret)\w*\s*=\s*[\"']([^\"']+)[\"']", text, re.IGNORECASE)
