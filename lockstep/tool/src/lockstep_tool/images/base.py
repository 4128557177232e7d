"""Ask the engine which layers the base of the image has, as RUNTIME_IMAGE names it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lockstep_tool import engine
from lockstep_tool.service import Service

__all__ = ["ARGUMENT", "Base", "find_base"]

ARGUMENT = "RUNTIME_IMAGE"
SECONDS = 300
LAYERS = "{{json .RootFS.Layers}}"


@dataclass(frozen=True)
class Base:
    """`name` is what RUNTIME_IMAGE says, `layers` are their diff ids; `reason` says why the engine does not know them."""

    name: str
    layers: tuple[str, ...] = ()
    reason: str = ""


def find_base(service: Service, chosen: str) -> Base:
    """The base that the engine `chosen` builds upon; it has it in its cache after a build, and pulls it otherwise."""
    name = name_base(service)
    asked = engine.run([chosen, "image", "inspect", "--format", LAYERS, name])
    if asked.returncode == 0:
        return Base(name, tuple(json.loads(asked.stdout)))
    # What only the cache of builds has, `inspect` does not know. The label makes it an image of its own, which may be removed.
    with TemporaryDirectory(prefix="lockstep-") as directory:
        Path(directory, "Dockerfile").write_text(f"FROM {name}\nLABEL lockstep.base=looked-at\n", encoding="utf-8")
        made = engine.run([chosen, "build", "--quiet", directory], timeout=SECONDS, settings={"DOCKER_BUILDKIT": "1"})
    if made.returncode:
        return Base(name, reason=(made.stderr.strip().splitlines() or ["no output"])[-1])
    identity = made.stdout.strip()
    asked = engine.run([chosen, "image", "inspect", "--format", LAYERS, identity])
    engine.run([chosen, "rmi", identity])
    return Base(name, tuple(json.loads(asked.stdout or "[]")), asked.stderr.strip())


def name_base(service: Service) -> str:
    """What a build is told in LOCKSTEP_BUILD_ARGS, or what the Dockerfile says without that."""
    given = [word.partition("=") for word in os.environ.get("LOCKSTEP_BUILD_ARGS", "").split()]
    stated = [found.match[1] for found in service.files.statements(rf"^ARG {ARGUMENT}=(\S+)", "Dockerfile")]
    return next((value for name, _, value in reversed(given) if name == ARGUMENT), (stated or [""])[0])
