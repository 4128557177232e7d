"""The SBOMs of a service and of its image are valid CycloneDX, name what uv names, and differ where the image does."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from containers.engine import Engine
from one_command import Ran
from services import Service


@pytest.fixture(scope="module")
def good(ran: Callable[[str], Ran], tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A service with its image and both SBOMs, in a checkout that no other module writes to."""
    done = ran("fastapi-uvicorn")
    service = done.service.copy(tmp_path_factory.mktemp("sbom") / "service")
    said = service.lockstep("sbom")
    assert said.returncode == 0, said.stdout
    return dataclasses.replace(done, service=service)


def read_sbom(service: Service, name: str) -> Any:
    return json.loads((service.path / ".nox" / "report" / "sbom" / f"{name}.cdx.json").read_text(encoding="utf-8"))


def purls(document: Mapping[str, Any]) -> set[str]:
    """The packages of the index."""
    found = {str(one["purl"]) for one in [document["metadata"]["component"], *document["components"]]}
    return {purl for purl in found if purl.startswith("pkg:pypi/")}


def one_of_each_kind(document: Any) -> str:
    """The document with the first component of each kind: a validator takes seconds for every twenty addresses."""
    kinds = {(one["type"], str(one["purl"]).partition("/")[0]): one for one in reversed(document["components"])}
    kept = {one["bom-ref"]: one for one in [document["metadata"]["component"], *kinds.values()]}
    dependencies = [{"ref": ref, "dependsOn": [other for other in kept if other != ref]} for ref in kept]
    return json.dumps({**document, "components": list(kinds.values()), "dependencies": dependencies})


@pytest.mark.parametrize("name", ["lock", "image"])
def test_it_is_valid(good: Ran, name: str) -> None:
    text = one_of_each_kind(read_sbom(good.service, name))

    assert str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) or "") == ""


def test_both_name_what_uv_names(good: Ran) -> None:
    """uv's own export is the second opinion; it holds what any platform needs, and this service needs the same on each."""
    exported = good.service.run("uv", "export", "--quiet", "--locked", "--no-default-groups", "--format", "cyclonedx1.5")
    theirs = {str(one["purl"]) for one in json.loads(exported.stdout)["components"] if "purl" in one}

    assert purls(read_sbom(good.service, "lock")) == {purl for purl in theirs if "lockstep" not in purl}
    assert purls(read_sbom(good.service, "image")) == purls(read_sbom(good.service, "lock"))


def test_each_package_of_the_image_has_the_hash_of_the_locked_wheel(good: Ran) -> None:
    lock = (good.service.path / "uv.lock").read_text()
    libraries = [one for one in read_sbom(good.service, "image")["components"] if one["purl"].startswith("pkg:pypi/")]

    assert libraries
    for one in libraries:
        [digest], [reference] = one["hashes"], one["externalReferences"]
        assert f'url = "{reference["url"]}", hash = "sha256:{digest["content"]}"' in lock


def test_what_only_the_image_has_is_named_and_another_run_writes_the_same_bytes(
    good: Ran, engine: Engine, tmp_path: Path
) -> None:
    folder = good.service.path / ".nox" / "report" / "sbom"
    before = (folder / "lock.cdx.json").read_bytes()
    about = tmp_path / "laid" / "site-packages" / "evil-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    records = tmp_path / "laid" / "status.d"  # as a distroless base records them, and as packages/runtime.txt adds them
    records.mkdir(parents=True)
    (records / "libpq5").write_text("Package: libpq5\nVersion: 1:17.5-1+deb13u1\nArchitecture: amd64\nDescription: x\n")
    version = ".".join((good.service.path / ".python-version").read_text().split(".")[:2])
    lines = [
        f"FROM {good.tag}",
        "COPY laid/status.d /var/lib/dpkg/status.d",
        f"COPY laid/site-packages /app/.venv/lib/python{version}/site-packages",
    ]
    (tmp_path / "Dockerfile").write_text("\n".join(lines) + "\n")
    engine("build", "--tag", "localhost/altered:test", tmp_path)
    done = good.service.lockstep("sbom", "localhost/altered:test")

    assert done.returncode == 1, done.stdout
    assert "pkg:pypi/evil@1.0   in the image, not in the lock" in done.stdout
    assert "libpq5" not in done.stdout  # the base's to have
    assert "pkg:deb/debian/libpq5@1:17.5-1%2Bdeb13u1?arch=amd64" in (folder / "image.cdx.json").read_text()
    assert (folder / "lock.cdx.json").read_bytes() == before
