"""How a fault is planted in the small service, and what its check then says."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lockstep_tool.checks.finding import Severity
from small_service import SmallService, make_wheel

__all__ = ["Plant", "Planted", "add_wheel", "append", "edit", "in_lock", "pipe", "remove", "together", "write"]

Plant = Callable[[SmallService], object]


@dataclass(frozen=True)
class Planted:
    """`name` says what is wrong, `said` is in what the check says of it; `given` is what it takes besides a service."""

    name: str
    plant: Plant
    said: str
    severity: Severity = Severity.ERROR
    given: Sequence[object] = ()


def edit(file: str, old: str, new: str) -> Plant:
    return lambda service: service.edit(file, old, new)


def write(file: str, text: str | bytes) -> Plant:
    return lambda service: service.write(file, text)


def append(file: str, text: str) -> Plant:
    return lambda service: service.write(file, service.read(file) + text)


def remove(file: str) -> Plant:
    return lambda service: (service.root / file).unlink()


def pipe(file: str) -> Plant:
    def plant(service: SmallService) -> None:
        (service.root / file).unlink()
        os.mkfifo(service.root / file)

    return plant


def in_lock(pattern: str, new: str) -> Plant:
    """Change the first part of uv.lock that matches."""
    return lambda service: service.substitute("uv.lock", pattern, new)


def together(*plants: Plant) -> Plant:
    return lambda service: [plant(service) for plant in plants]


def add_wheel(service: SmallService, path: str = "vendor/extra-1.0-py3-none-any.whl") -> Path:
    """A wheel of the team's own, named in pyproject.toml and locked, as uv would do it."""
    wheel = make_wheel(service.root / "vendor", "extra", "1.0")
    wheel = wheel.rename(service.root / path)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    block = (
        f'[[package]]\nname = "extra"\nversion = "1.0"\nsource = {{ path = "{path}" }}\n'
        f'wheels = [\n    {{ filename = "{wheel.name}", hash = "sha256:{digest}" }},\n]\n\n'
    )
    service.edit("pyproject.toml", "dependencies = [\n", 'dependencies = [\n    "extra",\n')
    service.edit("pyproject.toml", "[tool.uv.sources]\n", f'[tool.uv.sources]\nextra = {{ path = "{path}" }}\n')
    service.edit("uv.lock", '[[package]]\nname = "fastapi"', f'{block}[[package]]\nname = "fastapi"')
    service.edit("uv.lock", '    { name = "fastapi" },\n', '    { name = "extra" },\n    { name = "fastapi" },\n')
    service.edit("uv.lock", "requires-dist = [\n", f'requires-dist = [\n    {{ name = "extra", path = "{path}" }},\n')
    return wheel
