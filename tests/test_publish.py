"""`publish` pushes the image of this commit under its version, says by which digest it is known, and refuses any other."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from one_command import Ran
from services import Service
from snapshot import git
from stand_in_pushes import Registry, stand_in_registry


@pytest.fixture
def registry() -> Iterator[Registry]:
    with stand_in_registry() as registry:
        yield registry


@pytest.fixture(scope="module")
def service(ran: Callable[[str], Ran], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service with its image, in a checkout that no other module writes to."""
    return ran("fastapi-uvicorn").service.copy(tmp_path_factory.mktemp("published") / "service")


def test_the_image_is_pushed_under_its_version_and_known_by_its_digest(
    service: Service, registry: Registry, tmp_path: Path
) -> None:
    outputs = tmp_path / "outputs"
    done = service.lockstep(
        "publish",
        f"{registry.address}/Team/orders-api",
        GITHUB_OUTPUT=str(outputs),
        GITHUB_REF_TYPE="tag",
        GITHUB_REF_NAME="v0.1.0",
    )

    name = f"{registry.address}/team/orders-api"
    digest = f"sha256:{hashlib.sha256(registry.manifests.get('team/orders-api:0.1.0', b'')).hexdigest()}"
    assert done.returncode == 0, done.stdout
    assert done.stdout == f"{name}:0.1.0 is {name}@{digest}\n"
    assert outputs.read_text() == f"name={name}\ndigest={digest}\n"
    assert json.loads((service.path / ".nox" / "report" / "published.json").read_text())["digest"] == digest


def test_a_registry_that_refuses_is_named(service: Service, registry: Registry) -> None:
    registry.closed = True
    done = service.lockstep("publish", f"{registry.address}/team/orders-api")

    assert done.returncode == 1, done.stdout
    assert "The image cannot be pushed." in done.stdout
    assert f"login {registry.address}`" in done.stdout


@pytest.mark.parametrize("said", [{"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v0.2.0"}, {"CI_COMMIT_TAG": "v0.2.0"}])
def test_a_tag_of_another_version_is_refused(service: Service, registry: Registry, said: Mapping[str, str]) -> None:
    done = service.lockstep("publish", f"{registry.address}/team/orders-api", **said)

    assert done.returncode == 1, done.stdout
    assert "The tag is not of this version." in done.stdout
    assert registry.manifests == {}


def test_an_image_of_another_commit_is_refused(service: Service, registry: Registry, tmp_path: Path) -> None:
    moved = service.copy(tmp_path / "moved")
    git(moved.path, "commit", "--quiet", "--allow-empty", "--message", "Go on")
    done = moved.lockstep("publish", f"{registry.address}/team/orders-api")

    assert done.returncode == 1, done.stdout
    assert "The image is not of this commit." in done.stdout
    assert registry.manifests == {}


def test_without_an_engine_it_is_not_green(fastapi: Service) -> None:
    done = fastapi.lockstep("publish", "127.0.0.1:1/team/orders-api", LOCKSTEP_ENGINE="no-such-engine")

    assert done.returncode == 2, done.stdout
    assert "not looked at: no container engine" in done.stdout
