"""Two images are compared to the last bit, and a difference is named."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from .archive import pack
from .engine import Engine
from .images import differences, image


@pytest.fixture
def make(engine: Engine, bases: Mapping[str, str], tmp_path: Path) -> Iterator["Make"]:
    yield (maker := Make(engine, bases["RUNTIME_IMAGE"], tmp_path))
    engine("rmi", "--force", *maker.made)


class Make:
    """Builds images of two layers: the runtime base, and one file."""

    def __init__(self, engine: Engine, base: str, directory: Path) -> None:
        self.engine, self.base, self.directory = engine, base, directory
        self.made: list[str] = []

    def __call__(self, name: str, content: str, label: str = "") -> str:
        context = self.directory / name
        (context / "tree").mkdir(parents=True)
        (context / "tree" / "greeting").write_text(content)
        # Packed and not copied, so that the moment at which the test writes the file is no difference.
        pack(context / "tree", context / "tree.tar.gz")
        (context / "Dockerfile").write_text(f'FROM {self.base}\nADD tree.tar.gz /\nLABEL say="{label}"\n')
        self.engine("build", "--quiet", "--tag", f"localhost/lockstep-test:{name}", context)
        self.made.append(f"localhost/lockstep-test:{name}")
        return self.made[-1]


def test_the_same_content_in_two_images_is_no_difference(make: Make, engine: Engine, tmp_path: Path) -> None:
    one, other = (image(engine, make(name, "hello"), tmp_path) for name in ("one", "same"))

    assert [layer.digest for layer in one.layers] == [layer.digest for layer in other.layers]
    assert not [line for line in differences(one, other) if line.startswith("layer")]


def test_a_different_file_is_named(make: Make, engine: Engine, tmp_path: Path) -> None:
    one, other = image(engine, make("one", "hello"), tmp_path), image(engine, make("other", "hullo"), tmp_path)

    assert any(line.startswith(f"layer {len(one.layers) - 1}: tree/greeting: ") for line in differences(one, other))


def test_a_different_label_is_named(make: Make, engine: Engine, tmp_path: Path) -> None:
    one, other = (
        image(engine, make("one", "hello", "a"), tmp_path),
        image(engine, make("labelled", "hello", "b"), tmp_path),
    )

    assert any(line.startswith("configuration: config: ") for line in differences(one, other))


def test_the_last_layer_is_what_an_image_adds_to_its_base(make: Make, engine: Engine, tmp_path: Path) -> None:
    made = image(engine, make("one", "hello"), tmp_path)

    assert "tree/greeting" in made.last.entries
    assert made.last.compressed < 1000 < made.compressed
    assert made.files["tree/greeting"].size == len("hello")
