"""A stranger finds a room by its package: the docs name them all, and production leans on none but its own."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "template" / "src"
PAGE = ROOT / "docs" / "how-to" / "change-the-template.md"


def rooms() -> list[Path]:
    """Every room of the tool, below the folder that its condition names."""
    return [path.relative_to(SOURCES) for path in sorted(SOURCES.glob("*lockstep*/**/*.py"))]


def imported(source: str) -> Iterator[str]:
    """The packages of the tool that a room imports from, at any depth of it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lockstep."):
            yield str(node.module).split(".")[1]


def leaning(source: str) -> set[str]:
    """Packages besides its own that a room of production needs."""
    packages = {path.parent.name for path in SOURCES.glob("lockstep/*/__init__.py")}
    return (packages & set(imported(source))) - {"serve"}


def test_the_page_names_the_packages_that_there_are() -> None:
    named = re.findall(r"(?m)^\| `([a-z]+)` \|", PAGE.read_text(encoding="utf-8"))

    assert sorted(named) == sorted(path.parent.name for path in SOURCES.glob("lockstep/*/__init__.py"))


def test_two_rooms_of_a_service_have_one_name_only_where_they_take_turns() -> None:
    """Those of one condition are in one service, so nobody has to say which is meant."""
    folders = {path.parts[0] for path in rooms()}
    for folder in folders:
        together = [path for path in rooms() if path.parts[0] in {folder, "lockstep"} and path.name != "__init__.py"]

        twice = [name for name, times in Counter(path.name for path in dict.fromkeys(together)).items() if times > 1]
        assert twice == [], folder


@pytest.mark.parametrize("room", [str(path) for path in rooms() if path.parts[1] == "serve"])
def test_a_room_of_production_needs_none_of_the_judges(room: str) -> None:
    assert leaning((SOURCES / room).read_text(encoding="utf-8")) == set()


def test_one_that_does_is_found() -> None:
    source = "from lockstep_serve.models import SETTINGS\n\ndef late():\n    from lockstep_tool.environments.judge import judge"

    assert leaning(source) == {"places"}
