"""Every framework with every server model that fits: made, and put through the one command, three of them with an image.

The server is proved under each model; the code is checked and tested where it, or what is installed beside it, is another.
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from conftest import ANSWERS
from one_command import ASGI, FIT, LAPTOP, WITH_CODE, WITH_IMAGE, WSGI, Ran, choose_sessions

IMPORTS_SERVER = re.compile(rb"^\s*(import|from) (gevent|gunicorn|uvicorn|uvloop)", re.MULTILINE)
COMBINATIONS = [f"{framework}-{model}" for framework, models in FIT.items() for model in models]


def test_every_combination_has_its_answers() -> None:
    assert set(COMBINATIONS) <= set(ANSWERS)
    assert {*WITH_IMAGE, LAPTOP, *WITH_CODE} <= set(COMBINATIONS)


def read_code(folder: Path) -> dict[str, bytes]:
    """What `lint`, `types` and `tests` look at, with their settings."""
    paths = [folder / "ruff.toml", *(path for name in ("src", "tests") for path in (folder / name).rglob("*") if path.is_file())]
    code = {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.name != "server.toml"}
    settings = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]
    return code | {name: json.dumps(settings[name]).encode() for name in ("mypy", "pytest")}


@pytest.mark.parametrize("framework", FIT)
def test_the_code_of_a_framework_is_the_same_under_every_model(every_service: Mapping[str, Path], framework: str) -> None:
    first, *others = (read_code(every_service[f"{framework}-{model}"]) for model in FIT[framework])

    assert len(first) > 10
    assert [other for other in others if other != first] == []
    assert not [name for name, text in first.items() if IMPORTS_SERVER.search(text)]


def look(combination: str, ran: Callable[[str], Ran]) -> None:
    done = ran(combination)

    assert done.code == 0, done.printed
    for session in choose_sessions(combination):
        assert f"* {session}: success" in done.printed


# A class each, so that test processes share them out.
class TestDjangoWithASGI:
    @pytest.mark.parametrize("model", ASGI)
    def test_it_is_green(self, model: str, ran: Callable[[str], Ran]) -> None:
        look(f"django-{model}", ran)


class TestDjangoWithWSGI:
    @pytest.mark.parametrize("model", WSGI)
    def test_it_is_green(self, model: str, ran: Callable[[str], Ran]) -> None:
        look(f"django-{model}", ran)


class TestFastAPI:
    @pytest.mark.parametrize("model", FIT["fastapi"])
    def test_it_is_green(self, model: str, ran: Callable[[str], Ran]) -> None:
        look(f"fastapi-{model}", ran)


class TestFlask:
    @pytest.mark.parametrize("model", FIT["flask"])
    def test_it_is_green(self, model: str, ran: Callable[[str], Ran]) -> None:
        look(f"flask-{model}", ran)
