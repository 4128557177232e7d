"""`sbom` writes the same bytes for the same things, and names what only the lock or only the image has."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_tool import engine
from lockstep_tool.service import Service
from lockstep_tool.supply import sbom as session
from lockstep_tool.supply.components import components_of_image, components_of_lock
from lockstep_tool.supply.sbom import PROBE, refuse_differences, sbom
from small_service import VERSION, SmallService, make_wheel


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCKSTEP_ENGINE", "no-such-engine")


def write_lock_sbom(service: SmallService) -> tuple[str, Any]:
    """The text and the document of the lock's SBOM; there is no image."""
    with pytest.raises(Refusal) as refused:
        list(sbom(Service(service.root)))
    assert refused.value.code == COULD_NOT_LOOK
    assert "not looked at: no container engine" in str(refused.value)
    text = service.read(".nox/report/sbom/lock.cdx.json")
    return text, json.loads(text)


def lock_wheel(service: SmallService) -> None:
    """A wheel of the team's own, as uv locks it."""
    wheel = make_wheel(service.root / "vendor", "extra", "1.0")
    source = f'source = {{ path = "vendor/{wheel.name}" }}'
    file = f'{{ filename = "{wheel.name}", hash = "{Service(service.root).files.sha256(f"vendor/{wheel.name}")}" }}'
    block = f'[[package]]\nname = "extra"\nversion = "1.0"\n{source}\nwheels = [{file}]\n'
    service.edit("uv.lock", '[[package]]\nname = "fastapi"', f'{block}\n[[package]]\nname = "fastapi"')
    service.edit("uv.lock", '    { name = "fastapi" },\n', '    { name = "extra" },\n    { name = "fastapi" },\n')


def purls(document: Mapping[str, Any]) -> set[str]:
    return {str(one["purl"]) for one in [document["metadata"]["component"], *document["components"]]}


def inventory(**packages: str) -> dict[str, Any]:
    """What the probe prints of an image with these distributions, and with the service."""
    found = [{"name": n.replace("_", "-"), "version": v, "tags": ["py3-none-any"], "service": False} for n, v in packages.items()]
    own = {"name": "orders-api", "version": "0.1.0", "tags": ["py3-none-any"], "service": True}
    return {"python": "3.13.9", "packages": [*found, own], "system": {"ID": "debian", "VERSION_ID": "13"}, "debian": []}


LOCKED = {
    "annotated_doc": "0.0.4",
    "anyio": "4.12.0",
    "fastapi": "0.140.0",
    "idna": "3.11",
    "lockstep_serve": VERSION,
    "python_json_logger": "4.0.0",
}


def test_without_an_engine_the_lock_has_its_sbom(good: SmallService) -> None:
    _, document = write_lock_sbom(good)

    assert document["bomFormat"] == "CycloneDX"
    assert {purl for purl in purls(document) if purl.startswith("pkg:pypi/")} == {
        f"pkg:pypi/{name.replace('_', '-')}@{version}" for name, version in LOCKED.items() if name != "lockstep_serve"
    }


def test_the_same_lock_has_the_same_sbom(good: SmallService, service: SmallService) -> None:
    assert write_lock_sbom(good)[0] == write_lock_sbom(service)[0]


def test_another_lock_has_another_number(service: SmallService) -> None:
    before = write_lock_sbom(service)[1]["serialNumber"]
    service.edit("uv.lock", 'name = "idna"\nversion = "', 'name = "idna"\nversion = "9')

    assert write_lock_sbom(service)[1]["serialNumber"] != before


def test_the_sbom_says_who_needs_whom(good: SmallService) -> None:
    _, document = write_lock_sbom(good)

    needs = {one["ref"]: one.get("dependsOn", []) for one in document["dependencies"]}
    assert "pkg:pypi/fastapi@0.140.0" in needs["pkg:generic/orders-api@0.1.0"]
    assert f"pkg:generic/lockstep-serve@{VERSION}" in needs["pkg:generic/orders-api@0.1.0"]
    assert needs["pkg:pypi/anyio@4.12.0"] == ["pkg:pypi/idna@3.11"]
    assert set(needs) == purls(document)


def test_a_wheel_of_the_repository_is_a_component_by_its_path_and_not_the_index_s(service: SmallService) -> None:
    lock_wheel(service)
    _, document = write_lock_sbom(service)

    [extra] = [one for one in document["components"] if one["name"] == "extra"]
    [reference] = extra["externalReferences"]
    assert extra["purl"] == "pkg:generic/extra@1.0"
    assert reference["url"] == "vendor/extra-1.0-py3-none-any.whl"
    assert len(reference["hashes"][0]["content"]) == 64


@pytest.mark.parametrize(
    "source",
    ['{ git = "https://git.example.org/idna?rev=v1#123" }', '{ directory = "packages/idna" }', '{ path = "vendor/idna.tar.gz" }'],
    ids=["git", "directory", "source archive"],
)
def test_a_source_without_a_wheel_is_a_component_like_any(service: SmallService, source: str) -> None:
    service.substitute(
        "uv.lock", r'(name = "idna"\nversion = "3.11"\n)source = .*\nsdist = .*\nwheels = \[\n.*\n\]\n', rf"\1source = {source}\n"
    )
    _, document = write_lock_sbom(service)

    assert "idna" in {one["name"] for one in document["components"]}


def test_an_image_that_has_what_the_lock_declares_is_the_same(good: SmallService) -> None:
    service = Service(good.root)
    declared = components_of_lock(service, "0.1.0", engine.markers_of_image(service.python))
    seen = {**inventory(**LOCKED), "python": service.python}
    held = components_of_image(seen, service)

    refuse_differences("image", declared, held)
    [serve] = [one for one in held if one.name == "lockstep-serve"]
    assert serve.installed == f"sha256:{service.files.sha256(f'.lockstep/lockstep_serve-{VERSION}-py3-none-any.whl')[7:]}"
    assert {one.purl for one in declared} == {one.purl for one in held}


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (inventory(**LOCKED, evil="1.0"), "pkg:pypi/evil@1.0   in the image, not in the lock"),
        (inventory(**{**LOCKED, "idna": "9"}), "pkg:pypi/idna@3.11   in the lock, not in the image"),
        (inventory(**LOCKED, lockstep_tool="1.0"), "pkg:pypi/lockstep-tool@1.0   in the image, not in the lock"),
    ],
    ids=["one more", "another version", "the tool"],
)
def test_what_only_one_of_them_has_is_named(good: SmallService, seen: dict[str, Any], said: str) -> None:
    service = Service(good.root)
    declared = components_of_lock(service, "0.1.0", engine.markers_of_image(service.python))
    held = components_of_image({**seen, "python": service.python}, service)

    with pytest.raises(Refusal) as refused:
        refuse_differences("image", declared, held)

    assert refused.value.code == DIFFERENT
    assert "image is not made of what uv.lock declares." in str(refused.value)
    assert said in str(refused.value).replace("    ", "   ")


def test_debian_packages_are_the_base_s_to_have(good: SmallService) -> None:
    service = Service(good.root)
    declared = components_of_lock(service, "0.1.0", engine.markers_of_image(service.python))
    debian = [{"name": "libpq5", "version": "1:17.5-1+deb13u1", "arch": "amd64"}]
    held = components_of_image({**inventory(**LOCKED), "python": service.python, "debian": debian}, service)

    refuse_differences("image", declared, held)
    [libpq] = [one.purl for one in held if one.name == "libpq5"]
    assert libpq == "pkg:deb/debian/libpq5@1:17.5-1%2Bdeb13u1?arch=amd64&distro=debian-13"


def test_the_inventory_runs_in_any_python_and_knows_the_service(tmp_path: Path) -> None:
    about = tmp_path / "orders_api-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: orders-api\nVersion: 0.1.0\n")
    (about / "WHEEL").write_text("Tag: py3-none-any\n")
    (about / "entry_points.txt").write_text("[lockstep_serve]\napp = orders_api.app:create_app\n")
    command = [sys.executable, "-S", "-B", "-"]
    done = subprocess.run(command, input=PROBE.read_bytes(), env={"PYTHONPATH": str(tmp_path)}, capture_output=True, check=True)

    assert json.loads(done.stdout)["packages"] == [
        {"name": "orders-api", "version": "0.1.0", "tags": ["py3-none-any"], "service": True}
    ]


def test_both_are_written_where_the_image_can_be_looked_into(good: SmallService, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(good.root)
    seen = {**inventory(**LOCKED), "python": service.python}
    monkeypatch.setattr(session, "look_into", lambda _: ("sha256:1234", seen))  # an engine

    printed = list(sbom(service))

    document = json.loads(good.read(".nox/report/sbom/image.cdx.json"))
    assert document["metadata"]["component"]["purl"] == "pkg:oci/orders-api@sha256%3A1234"
    assert printed[-1] == "8 components of the lock are in the image; 0 more are its base's"
