"""The base of an image is the one that the build names, as the engine has it."""

from pathlib import Path

import pytest

from archives import saved_image
from lockstep_tool.images.base import Base, find_base
from lockstep_tool.images.built_image import layers_of_base
from lockstep_tool.service import Service
from small_service import SmallService

# Knows the images in $KNOWN, and builds one named `made` upon a base that is in its cache.
ENGINE = """\
#!/bin/sh
echo "$1" >> "$ASKED"
for last; do :; done
case "$1" in
    image) if [ "$last" = "$KNOWN" ]; then echo '["sha256:1", "sha256:2"]'; else echo "no such image: $last" >&2; exit 1; fi ;;
    build) if grep -q "^FROM $CACHED$" "$last/Dockerfile"; then echo made; else echo "cannot pull" >&2; exit 1; fi ;;
esac
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine's command; what it was asked is in a file."""
    command, asked = tmp_path / "engine", tmp_path / "asked"
    command.write_text(ENGINE, encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("ASKED", str(asked))
    monkeypatch.setenv("LOCKSTEP_BUILD_ARGS", "UV_IMAGE=localhost/uv:1 RUNTIME_IMAGE=localhost/base:1")
    for name in ("KNOWN", "CACHED"):
        monkeypatch.setenv(name, "nothing")
    return command


def test_a_base_that_the_engine_has_is_only_asked_for(good: SmallService, engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNOWN", "localhost/base:1")
    base = find_base(Service(good.root), str(engine))

    assert base == Base("localhost/base:1", ("sha256:1", "sha256:2"))
    assert (engine.parent / "asked").read_text().split() == ["image"]


def test_a_base_in_the_cache_of_builds_is_built_upon_and_nothing_is_left(
    good: SmallService, engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACHED", "localhost/base:1")
    monkeypatch.setenv("KNOWN", "made")
    base = find_base(Service(good.root), str(engine))

    assert base == Base("localhost/base:1", ("sha256:1", "sha256:2"))
    assert (engine.parent / "asked").read_text().split() == ["image", "build", "image", "rmi"]


def test_why_a_base_cannot_be_looked_at_is_kept(good: SmallService, engine: Path) -> None:
    assert find_base(Service(good.root), str(engine)) == Base("localhost/base:1", reason="cannot pull")


def test_without_an_argument_the_base_is_the_dockerfile_s(
    good: SmallService, engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOCKSTEP_BUILD_ARGS")

    assert find_base(Service(good.root), str(engine)).name == "gcr.io/distroless/cc-debian13"


def test_layers_are_the_base_s_where_the_image_begins_with_all_of_them(tmp_path: Path) -> None:
    saved = saved_image(tmp_path, [[], [], []])
    digests = tuple(layer.digest for layer in saved.layers)

    assert layers_of_base(saved, Base("base", digests[:2])) == 2
    assert layers_of_base(saved, Base("base", (*digests, "sha256:1"))) is None
    assert layers_of_base(saved, Base("base", ("sha256:1",))) is None
    assert layers_of_base(saved, Base("base", reason="cannot pull")) is None
