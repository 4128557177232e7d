"""`pins -- --refresh` moves digests and commits forward, all of them or none, and says what it could not ask."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_tool.files.refresh import refresh
from lockstep_tool.service import Service
from loopback import Registry, make_action, serve_registry
from small_service import COMPOSE, UV_VERSION, WORKFLOW, SmallService

IMAGES = (
    ("Dockerfile", "ghcr.io/", f"astral-sh/uv:{UV_VERSION}"),
    ("Dockerfile", "docker.io/", "library/debian:trixie-slim"),
    ("Dockerfile", "gcr.io/", "distroless/cc-debian13"),
    (COMPOSE, "docker.io/", "nginxinc/nginx-unprivileged:1.30.5-alpine"),
)
NEEDLE = "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"


@dataclass(frozen=True)
class World:
    """A service whose images and actions are on this machine."""

    service: SmallService
    registry: Registry
    digests: dict[str, str]
    commits: dict[str, str]

    def refresh(self) -> list[str]:
        return refresh(Service(self.service.root))


@pytest.fixture
def world(service: SmallService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[url "file://{tmp_path}/actions/"]\n\tinsteadOf = https://github.com/\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)
    for name in ("audit", "release", "lockstep-update"):
        (service.root / f".github/workflows/{name}.yml").unlink()
    service.substitute(WORKFLOW, r"(?s)      - uses: actions/upload-artifact.*", "")
    service.substitute(WORKFLOW, r"(?s)      #[^\n]*\n      - uses: actions/cache.*?(?=      - run)", "")
    with serve_registry() as registry:
        digests = {}
        for file, host, name in IMAGES:
            service.edit(file, f"{host}{name}", f"{registry.host}/{name}")
            digests[name] = registry.push(name if ":" in name else f"{name}:latest", "1" * 64)
        commits = make_action(tmp_path / "actions", "actions/checkout", "v7", "v7.0.1", "v7.0.2", "v8-beta")
        yield World(service, registry, digests, commits)


def test_each_image_gets_the_digest_of_its_index_and_each_action_its_newest_commit(world: World) -> None:
    lines = world.refresh()

    for file, _, name in IMAGES:
        assert f"{world.registry.host}/{name}@{world.digests[name]}" in world.service.read(file)
    assert f"actions/checkout@{world.commits['v7.0.2']} # v7.0.2\n" in world.service.read(WORKFLOW)
    assert any("actions/checkout  v7.0.1 -> v7.0.2" in line for line in lines)


def test_an_action_moves_to_another_major_version_with_the_page_that_says_what_changed(world: World, tmp_path: Path) -> None:
    commits = make_action(tmp_path / "newer", "actions/checkout", "v7.0.1", "v9.1.0", "v10", "20300101")
    (tmp_path / "actions" / "actions").rename(tmp_path / "older")
    (tmp_path / "newer" / "actions").rename(tmp_path / "actions" / "actions")

    lines = world.refresh()

    assert f"actions/checkout@{commits['v10']} # v10\n" in world.service.read(WORKFLOW)
    [said] = [line for line in lines if "actions/checkout" in line]
    assert "v7.0.1 -> v10: another major version, https://github.com/actions/checkout/releases says what changed" in said


def test_a_second_time_nothing_moves(world: World) -> None:
    world.refresh()
    before = world.service.snapshot()

    assert world.refresh() == ["all 5 images and actions are as their registries have them"]
    assert world.service.snapshot() == before


def test_a_tag_that_was_moved_moves_the_digest(world: World) -> None:
    world.refresh()
    digest = world.registry.push("library/debian:trixie-slim", "2" * 64)

    world.refresh()

    assert f"debian:trixie-slim@{digest}\n" in world.service.read("Dockerfile")


def test_an_action_by_tag_becomes_a_commit(world: World) -> None:
    world.service.edit(WORKFLOW, NEEDLE, "v6")

    world.refresh()

    assert f"uses: actions/checkout@{world.commits['v7.0.2']} # v7.0.2\n" in world.service.read(WORKFLOW)


def test_a_commit_without_a_comment_is_taken_for_the_release_that_it_is(world: World) -> None:
    world.service.edit(WORKFLOW, NEEDLE, world.commits["v7.0.1"])

    world.refresh()

    assert f"{world.commits['v7.0.2']} # v7.0.2\n" in world.service.read(WORKFLOW)


def test_what_cannot_be_asked_is_named_and_nothing_is_changed(world: World) -> None:
    world.service.edit("Dockerfile", f"{world.registry.host}/distroless", "127.0.0.1:1/distroless")
    world.service.edit(WORKFLOW, "actions/checkout", "nobody/nowhere")
    before = world.service.snapshot()

    with pytest.raises(Refusal) as refused:
        world.refresh()

    assert refused.value.code == COULD_NOT_LOOK
    assert "Not every image and action could be asked for, so nothing was changed." in str(refused.value)
    assert str(refused.value).count("<- not looked at") == 2
    assert world.service.snapshot() == before


def test_a_tag_that_is_not_there_is_no_matter_of_the_network(world: World) -> None:
    world.service.edit("Dockerfile", "debian:trixie-slim", "debian:trixie-slm")

    with pytest.raises(Refusal, match="answers 404") as refused:
        world.refresh()

    assert refused.value.code == DIFFERENT
