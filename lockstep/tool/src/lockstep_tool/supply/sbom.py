"""Write what the lock promises and what the image holds as CycloneDX, and compare the two."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool import engine
from lockstep_tool.declared import read_promise
from lockstep_tool.images import image
from lockstep_tool.supply import inventory
from lockstep_tool.supply.components import Component, of_image, of_lock, service_purl
from lockstep_tool.supply.cyclonedx import document, purls
from lockstep_tool.toml_file import read_toml

__all__ = ["sbom"]

FOLDER = Path(".lockstep", "sbom")
PROBE = Path(inventory.__file__)


def sbom(root: Path, name: str = "") -> Iterator[str]:
    """Write both below .lockstep/sbom/, of the image `name` or the service's own, and yield what to print.

    Raises Refusal where the two name other components, with code 2 where the image cannot be looked into.
    """
    promise = read_promise(root)
    version = str(read_toml(root / "pyproject.toml")["project"]["version"])
    own = service_purl(str(promise.lock.root["name"]), version)
    promised = of_lock(promise, version, engine.markers_of_image(promise.python))
    [service] = [component for component in promised if component.purl == own]
    said = {"inputs:uv.lock": promise.inputs["uv.lock"]}
    yield written(root, "lock", document(service, promised, said), promised)
    tag = name or image.name(promise)
    identity, seen = look(tag)
    held = of_image(seen, promise.lock)
    subject = Component(f"pkg:oci/{service.name}@{identity.replace(':', '%3A')}", tag, version, "container")
    yield written(root, "image", document(subject, held, {"image": identity}), held)
    compared(tag, promised, held)
    yield f"{len(promised)} components of the lock are in the image; {len(held) - len(promised)} more are its base's"


def written(root: Path, name: str, text: str, components: list[Component]) -> str:
    """Put a document into its file; returns what to print of it."""
    file = FOLDER / f"{name}.cdx.json"
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    (root / file).write_text(text, encoding="utf-8")
    return f"{file}: {len(components)} components"


def compared(tag: str, promised: list[Component], held: list[Component]) -> None:
    """Raise Refusal for what only one of them names; the base's own packages are the image's to have."""
    base = {purl for purl in purls(held) if purl.startswith("pkg:deb/")}
    one_sided = [
        *((purl, "in the lock, not in the image") for purl in sorted(purls(promised) - purls(held))),
        *((purl, "in the image, not in the lock") for purl in sorted(purls(held) - purls(promised) - base)),
    ]
    if one_sided:
        raise Refusal(
            f"{tag} is not made of what uv.lock promises.",
            one_sided,
            "Build it from this commit: `uv run noxfile.py -s image`. When that does not help, "
            "`uv run noxfile.py -s parity` says more.",
        )


def look(tag: str) -> tuple[str, dict[str, Any]]:
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
