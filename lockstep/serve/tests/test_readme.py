"""The README names the commands, the modules and the public names that there are."""

import re
from pathlib import Path

import lockstep_serve
from lockstep_serve.__main__ import parser
from lockstep_serve.models import NAMES

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SOURCES = Path(lockstep_serve.__file__).parent


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_it_has_every_command() -> None:
    found = re.findall(r"^\| `python -m lockstep_serve (\w+)", section("Commands"), re.MULTILINE)
    offered = re.search(r"\{([\w,]+)\}", parser().format_usage())

    assert offered
    assert found == offered[1].split(",")


def test_it_has_every_public_name() -> None:
    found = re.findall(r"^\| `(\w+)(?:\(\))?` \|", section("What the application may import"), re.MULTILINE)

    assert sorted(found) == sorted(lockstep_serve.__all__)


def test_it_has_every_module() -> None:
    named = set(re.findall(r"`(\w+)/?`", re.sub(r"\|[^|]*\|$", "", section("What is loaded"), flags=re.MULTILINE)))
    there = {path.stem for path in SOURCES.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}

    assert there - named == {"__init__"}


def test_it_has_every_model() -> None:
    assert set(re.findall(r"^\| `([\w-]+)` \| \[without/", section("Go on without it"), re.MULTILINE)) == set(NAMES)
