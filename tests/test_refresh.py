"""`pins -- --refresh` moves digests and commits forward, all of them or none, and says what it could not ask."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services import Service
from snapshot import git
from stand_in_registry import Registry, action, stand_in_registry

WORKFLOW = ".github/workflows/lockstep.yml"


@dataclass(frozen=True)
class World:
    """A service whose images and actions are on this machine."""

    service: Service
    registry: Registry
    digests: dict[str, str]
    commits: dict[str, str]

    def text(self, name: str) -> str:
        return (self.service.path / name).read_text()


@pytest.fixture
def world(fastapi: Service, tmp_path: Path) -> Iterator[World]:
    with stand_in_registry() as registry:
        copy = fastapi.copy(tmp_path / "service")
        digests = {}
        for host, name in (
            ("ghcr.io/", "astral-sh/uv:0.13.9"),
            ("docker.io/", "library/debian:trixie-slim"),
            ("gcr.io/", "distroless/cc-debian13"),
        ):
            copy.edit("Dockerfile", f"{host}{name}", f"{registry.host}/{name}")
            digests[name] = registry.push(name if ":" in name else f"{name}:latest", "1" * 64)
        commits = action(tmp_path / "actions", "actions/checkout", "v6", "v6.0.1", "v6.0.2", "v7.0.0")
        action(tmp_path / "actions", "actions/upload-artifact", "v4.6.2")
        action(tmp_path / "actions", "actions/attest", "v4.2.2")
        identity = Path(os.environ["GIT_CONFIG_GLOBAL"]).read_text()
        settings = tmp_path / "gitconfig"
        settings.write_text(f'{identity}[url "file://{tmp_path}/actions/"]\n\tinsteadOf = https://github.com/\n')
        git(copy.path, "commit", "--quiet", "--all", "--message", "Build from what is near")
        service = Service(copy.path, {"GIT_CONFIG_GLOBAL": str(settings), "GITHUB_SERVER_URL": ""})
        yield World(service, registry, digests, commits)


def test_each_image_gets_the_digest_of_its_index_and_each_action_its_newest_commit(world: World) -> None:
    done = world.service.lockstep("pins", "--refresh")

    assert done.returncode == 0, done.stdout
    for name, digest in world.digests.items():
        assert f"{world.registry.host}/{name}@{digest}\n" in world.text("Dockerfile")
    assert f"actions/checkout@{world.commits['v6.0.2']} # v6.0.2\n" in world.text(WORKFLOW)
    assert "actions/checkout  v6.0.1 -> v6.0.2" in done.stdout
    assert "images are pinned by tag" not in done.stdout


def test_a_second_time_nothing_moves(world: World) -> None:
    world.service.lockstep("pins", "--refresh")
    before = {name: world.text(name) for name in ("Dockerfile", WORKFLOW)}

    done = world.service.lockstep("pins", "--refresh")

    assert done.returncode == 0, done.stdout
    assert "images and actions are as their registries have them" in done.stdout
    assert {name: world.text(name) for name in before} == before


def test_a_tag_that_was_moved_moves_the_digest(world: World) -> None:
    world.service.lockstep("pins", "--refresh")
    digest = world.registry.push("library/debian:trixie-slim", "2" * 64)

    done = world.service.lockstep("pins", "--refresh")

    assert done.returncode == 0, done.stdout
    assert f"debian:trixie-slim@{digest}\n" in world.text("Dockerfile")


def test_an_action_by_tag_becomes_a_commit(world: World) -> None:
    pinned = next(line for line in world.text(WORKFLOW).splitlines() if "actions/checkout" in line).strip()
    world.service.edit(WORKFLOW, pinned, "- uses: actions/checkout@v6")

    done = world.service.lockstep("pins", "--refresh")

    assert done.returncode == 0, done.stdout
    assert f"uses: actions/checkout@{world.commits['v6.0.2']} # v6.0.2\n" in world.text(WORKFLOW)


def test_a_new_version_of_uv_takes_the_old_digest_away(world: World) -> None:
    world.service.lockstep("pins", "--refresh")
    world.service.edit("Dockerfile", "uv:0.13.9@", "uv:0.13.1@")

    done = world.service.lockstep("pins", "--fix")

    assert done.returncode == 0, done.stdout
    assert f"{world.registry.host}/astral-sh/uv:0.13.9\n" in world.text("Dockerfile")


def test_what_cannot_be_asked_is_named_and_nothing_is_changed(world: World) -> None:
    world.service.edit("Dockerfile", f"{world.registry.host}/distroless", "127.0.0.1:1/distroless")
    world.service.edit(WORKFLOW, "actions/upload-artifact", "nobody/nowhere")
    before = {name: world.text(name) for name in ("Dockerfile", WORKFLOW)}

    done = world.service.lockstep("pins", "--refresh")

    assert done.returncode == 2, done.stdout
    assert "Not every image and action could be asked for, so nothing was changed." in done.stdout
    assert done.stdout.count("<- not looked at") == 2
    assert {name: world.text(name) for name in before} == before


def test_a_tag_that_is_not_there_is_no_matter_of_the_network(world: World) -> None:
    world.service.edit("Dockerfile", "debian:trixie-slim", "debian:trixie-slm")

    done = world.service.lockstep("pins", "--refresh")

    assert done.returncode == 1, done.stdout
    assert "answers 404" in done.stdout
