"""Write the SBOM of the lock and of the image as CycloneDX, and compare the two."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool import engine
from lockstep_tool.images.tag import image_tag
from lockstep_tool.service import Service
from lockstep_tool.supply import inventory
from lockstep_tool.supply.components import Component, components_of_image, components_of_lock, service_purl
from lockstep_tool.supply.cyclonedx import document, purls

__all__ = ["sbom"]

SAVED = Path(".nox", "report", "sbom")
PROBE = Path(inventory.__file__)


def sbom(service: Service, name: str = "") -> Iterator[str]:
    """Write both below .nox/report/sbom/, of the image `name` or the service's own, and yield what to print.

    Raises Refusal where the two name other components, with code 2 where the image cannot be looked into.
    """
    version = str(service.project["project"]["version"])
    own = service_purl(str(service.lock.root["name"]), version)
    declared = components_of_lock(service, version, engine.markers_of_image(service.python))
    [subject] = [component for component in declared if component.purl == own]
    yield write_sbom(service.root, "lock", document(subject, declared, {"inputs:uv.lock": service.inputs["uv.lock"]}), declared)
    tag = name or image_tag(service)
    identity, seen = look_into(tag)
    held = components_of_image(seen, service)
    container = Component(f"pkg:oci/{subject.name}@{identity.replace(':', '%3A')}", tag, version, "container")
    yield write_sbom(service.root, "image", document(container, held, {"image": identity}), held)
    refuse_differences(tag, declared, held)
    yield f"{len(declared)} components of the lock are in the image; {len(held) - len(declared)} more are its base's"


def write_sbom(root: Path, name: str, text: str, components: list[Component]) -> str:
    """Put a document into its file; returns what to print of it."""
    file = SAVED / f"{name}.cdx.json"
    (root / SAVED).mkdir(parents=True, exist_ok=True)
    (root / file).write_text(text, encoding="utf-8")
    return f"{file}: {len(components)} components"


def refuse_differences(tag: str, declared: list[Component], held: list[Component]) -> None:
    """Raise Refusal for what only one of them names; the base's own packages are the image's to have."""
    base = {purl for purl in purls(held) if purl.startswith("pkg:deb/")}
    one_sided = [
        *((purl, "in the lock, not in the image") for purl in sorted(purls(declared) - purls(held))),
        *((purl, "in the image, not in the lock") for purl in sorted(purls(held) - purls(declared) - base)),
    ]
    if one_sided:
        raise Refusal(
            f"{tag} is not made of what uv.lock declares.",
            one_sided,
            "Build it from this commit: `uv run noxfile.py -s image`. When that does not help, "
            "`uv run noxfile.py -s parity` says more.",
        )


def look_into(tag: str) -> tuple[str, dict[str, Any]]:
    """The image's id and its inventory; raises Refusal with code 2 when it is not there or cannot say."""
    chosen = engine.find()
    named = engine.run([chosen, "image", "inspect", "--format", "{{.Id}}", tag])
    options = ["--rm", "--interactive", "--network", "none", "--read-only", "--entrypoint", engine.PYTHON_IN_IMAGE]
    asked = engine.run([chosen, "run", *options, tag, "-B", "-"], stdin=PROBE.read_bytes(), timeout=120)
    try:
        if named.returncode:
            raise ValueError((named.stderr.strip().splitlines() or ["no such image"])[-1])
        if asked.returncode:
            raise ValueError((asked.stderr.strip().splitlines() or [f"exit {asked.returncode}"])[-1])
        seen: dict[str, Any] = json.loads(asked.stdout)
    except ValueError as error:
        raise Refusal(
            f"not looked at: {tag} does not say what is in it",
            [(chosen, str(error))],
            "Build it with `uv run noxfile.py -s image`.",
            code=COULD_NOT_LOOK,
        ) from error
    return f"sha256:{named.stdout.strip().removeprefix('sha256:')}", seen
