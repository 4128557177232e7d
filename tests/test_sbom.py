"""`sbom` writes the same bytes for the same things, says them in CycloneDX's words, and names what only one side has."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from conftest import Render, committed, read_answers
from containers.engine import Engine
from containers.offered import OfferedInterpreter
from services import Service

NO_ENGINE = {"LOCKSTEP_ENGINE": "no-such-engine"}


@pytest.fixture(scope="module")
def service(render: Render, build_environment: Mapping[str, str], interpreter: OfferedInterpreter) -> Service:
    """A service with its image built; its name is its own, so that no other test moves the tag."""
    born = committed(render({**read_answers("fastapi-uvicorn"), "project_name": "billed-api"}))
    built = Service(born.path, {**build_environment, **interpreter.environment})
    done = built.lockstep("image")
    assert done.returncode == 0, done.stdout
    return built


@pytest.fixture
def alone(fastapi: Service, tmp_path: Path) -> Service:
    """A service on a machine without a container engine."""
    return Service(fastapi.copy(tmp_path / "alone").path, NO_ENGINE)


def bill(service: Service, name: str) -> tuple[str, Any]:
    text = (service.path / ".lockstep" / "sbom" / f"{name}.cdx.json").read_text(encoding="utf-8")
    return text, json.loads(text)


def purls(document: Mapping[str, Any], kind: str) -> set[str]:
    found = {str(one["purl"]) for one in [document["metadata"]["component"], *document["components"]]}
    return {purl for purl in found if purl.startswith(f"pkg:{kind}/")}


def bare(purl: str) -> str:
    """Without the version."""
    return purl.partition("@")[0]


def invalid(text: str) -> str:
    return str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) or "")


def test_without_an_engine_the_lock_has_its_bill_and_the_image_is_not_green(alone: Service) -> None:
    done = alone.lockstep("sbom")

    assert done.returncode == 2, done.stdout
    assert "not looked at: no container engine" in done.stdout
    assert ".lockstep/sbom/lock.cdx.json" in done.stdout
    assert invalid(bill(alone, "lock")[0]) == ""


def test_the_bill_of_the_lock_names_what_uv_names(alone: Service) -> None:
    """uv's own export is the second opinion; it holds what any platform needs, and this service needs the same on each."""
    alone.lockstep("sbom")
    exported = alone.run("uv", "export", "--quiet", "--locked", "--no-default-groups", "--format", "cyclonedx1.5")

    theirs = {str(one["purl"]) for one in json.loads(exported.stdout)["components"]}
    assert purls(bill(alone, "lock")[1], "pypi") == theirs


def test_the_same_lock_has_the_same_bill_in_another_place(alone: Service, tmp_path: Path) -> None:
    other = Service(alone.copy(tmp_path / "other").path, NO_ENGINE)
    for one in (alone, other):
        one.lockstep("sbom")

    assert bill(alone, "lock")[0] == bill(other, "lock")[0]


def test_another_lock_has_another_number(alone: Service) -> None:
    alone.lockstep("sbom")
    before = bill(alone, "lock")[1]["serialNumber"]
    alone.edit("uv.lock", 'name = "h11"\nversion = "', 'name = "h11"\nversion = "9')
    alone.lockstep("sbom")

    assert bill(alone, "lock")[1]["serialNumber"] != before


def test_the_bill_says_who_needs_whom(alone: Service) -> None:
    alone.lockstep("sbom")
    document = bill(alone, "lock")[1]
    needs = {bare(one["ref"]): {bare(ref) for ref in one.get("dependsOn", ())} for one in document["dependencies"]}
    [own] = [ref for ref in needs if ref.startswith("pkg:generic/") and "cpython" not in ref]

    assert {"pkg:pypi/fastapi", "pkg:generic/cpython"} <= needs[own]
    assert "pkg:pypi/starlette" in needs["pkg:pypi/fastapi"]
    assert "pkg:pypi/h11" in needs["pkg:pypi/uvicorn"]
    assert set(needs) == {own, "pkg:generic/cpython", *map(bare, purls(document, "pypi"))}


def test_the_image_holds_what_the_lock_promises_and_both_bills_are_valid(service: Service) -> None:
    done = service.lockstep("sbom")
    first = bill(service, "image")[0]
    shutil.rmtree(service.path / ".lockstep" / "sbom")
    again = service.lockstep("sbom")

    text, document = bill(service, "image")
    assert (done.returncode, again.returncode) == (0, 0), done.stdout
    assert text == first
    assert invalid(text) == ""
    assert purls(document, "pypi") == purls(bill(service, "lock")[1], "pypi")
    assert document["metadata"]["component"]["type"] == "container"


def test_each_package_of_the_image_has_the_hash_of_the_locked_wheel(service: Service) -> None:
    service.lockstep("sbom")
    document = bill(service, "image")[1]
    lock = (service.path / "uv.lock").read_text()
    libraries = [one for one in document["components"] if one["purl"].startswith("pkg:pypi/")]

    assert libraries
    for one in libraries:
        [digest], [reference] = one["hashes"], one["externalReferences"]
        assert f'url = "{reference["url"]}", hash = "sha256:{digest["content"]}"' in lock


@pytest.fixture
def altered(service: Service, engine: Engine, tmp_path: Path) -> Callable[[Path, str], str]:
    """Makes an image of the good one with a folder laid over it."""
    name = (service.path / "pyproject.toml").read_text().partition('\nname = "')[2].partition('"')[0]

    def make(folder: Path, target: str) -> str:
        (folder / "Dockerfile").write_text(f"FROM localhost/{name}:lockstep\nCOPY laid {target}\n")
        engine("build", "--tag", "localhost/altered:test", folder)
        return "localhost/altered:test"

    return make


def test_a_package_that_only_the_image_has_is_named(
    service: Service, altered: Callable[[Path, str], str], tmp_path: Path
) -> None:
    about = tmp_path / "laid" / "evil-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    version = ".".join((service.path / ".python-version").read_text().split(".")[:2])
    image = altered(tmp_path, f"/app/.venv/lib/python{version}/site-packages")
    done = service.lockstep("sbom", image)

    assert done.returncode == 1, done.stdout
    assert f"{image} is not made of what uv.lock promises." in done.stdout
    assert "pkg:pypi/evil@1.0   in the image, not in the lock" in done.stdout
    assert "uv run noxfile.py -s image" in done.stdout


def test_debian_packages_are_the_base_s_to_have_and_are_named(
    service: Service, altered: Callable[[Path, str], str], tmp_path: Path
) -> None:
    """As a distroless base records them, and as packages/runtime.txt adds them."""
    records = tmp_path / "laid" / "status.d"
    records.mkdir(parents=True)
    (records / "libpq5").write_text("Package: libpq5\nVersion: 1:17.5-1+deb13u1\nArchitecture: amd64\nDescription: x\n")
    (records / "libpq5.md5sums").write_text("d41d8cd98f00b204e9800998ecf8427e  usr/lib/libpq.so.5\n")
    done = service.lockstep("sbom", altered(tmp_path, "/var/lib/dpkg"))

    [found] = purls(bill(service, "image")[1], "deb")
    assert done.returncode == 0, done.stdout
    assert found.startswith("pkg:deb/debian/libpq5@1:17.5-1%2Bdeb13u1?arch=amd64")
    assert "1 more are its base's" in done.stdout


def test_a_package_that_only_the_lock_has_is_named(service: Service, tmp_path: Path) -> None:
    other = service.copy(tmp_path / "other")
    other.edit("uv.lock", 'name = "h11"\nversion = "', 'name = "h11"\nversion = "9')
    done = other.lockstep("sbom")

    assert done.returncode == 1, done.stdout
    assert done.stdout.count("   in the lock, not in the image") == 1
    assert done.stdout.count("   in the image, not in the lock") == 1


def test_an_image_that_is_not_there_is_not_green(service: Service) -> None:
    done = service.lockstep("sbom", "localhost/no-such:image")

    assert done.returncode == 2, done.stdout
    assert "not looked at: localhost/no-such:image does not say what is in it" in done.stdout
    assert "Traceback" not in done.stdout
