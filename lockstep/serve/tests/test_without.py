"""What is written for services that go on without lockstep-serve starts them, with the same numbers."""

import re
import shlex
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from lockstep_serve.definition import read_definition
from running import free_port, started
from services import DEFINITIONS, MODELS, Service

PAGES = Path(__file__).parents[1] / "without"
NAMES = {  # what the application imports of Lockstep
    "ASGI": "from lockstep_serve import draining, identity, until_ending\n",
    "WSGI": "from lockstep_serve import UnreadableBody, draining, ending, identity\n",
}


@pytest.fixture
def page(model: str) -> str:
    return (PAGES / f"{model}.md").read_text(encoding="utf-8")


def block(page: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return found[1] if found else ""


def command_of(page: str) -> list[str]:
    return shlex.split(block(page, "console").removeprefix("$ ").replace("\\\n", ""))


def stated(page: str) -> dict[str, set[str]]:
    """The values that the page names, each with the numbers that it has there."""
    numbers: dict[str, set[str]] = {}
    for value, names in re.findall(r"^\w+ = (.+)  # ([\w, ]+)$", block(page, "python"), re.MULTILINE):
        for name in names.split(", "):
            numbers.setdefault(name, set()).add(value)
    command = command_of(page)
    for name, flag in re.findall(r"^\| `(\w+)` \| `(--[\w-]+)` \|$", page, re.MULTILINE):
        numbers[name] = {command[command.index(flag) + 1]} if flag in command else set()
    return numbers


def left_out(page: str) -> set[str]:
    """The values that have no counterpart."""
    sentence = re.search(r"have no counterpart here: (.*)\.", page)
    return {
        *re.findall(r"^\| `(\w+)` \| nothing \|$", page, re.MULTILINE),
        *re.findall(r"`(\w+)`", sentence[1] if sentence else ""),
    }


def test_every_model_has_its_page() -> None:
    assert {path.stem for path in PAGES.iterdir()} == set(MODELS)


def test_the_numbers_are_those_of_the_definition_and_none_is_forgotten(model: str, page: str) -> None:
    definition = read_definition(DEFINITIONS / f"{model}.toml", {})
    numbers = stated(page)

    assert {*numbers, *left_out(page)} == definition.model.values
    assert not set(numbers) & left_out(page)
    for name, found in numbers.items():
        expected = str(definition.values[name].value)
        assert name == "workers" or not found or all(expected in number for number in found), (name, found)


def test_the_command_serves_without_lockstep(model: str, page: str, service: Service, tmp_path: Path) -> None:
    """No module of lockstep_serve can be imported; the application's own uses of it are taken out, as the page says."""
    port = free_port()
    environment = service.environment(HIDDEN="lockstep_serve", PORT=str(port), NOTES=str(tmp_path / "notes"))
    configuration = tmp_path / "gunicorn.conf.py"
    configuration.write_text(block(page, "python"), encoding="utf-8")
    chosen = {"8000": str(port), "gunicorn.conf.py": str(configuration)}
    command = [sys.executable, "-m", *(chosen.get(word, word) for word in command_of(page))]
    module = f"{service.model.interface.lower()}.py"
    own = "draining, ending, identity, until_ending = bool, bool, object, object\n"
    with ExitStack() as stack:
        stack.enter_context(service.changed(module, NAMES[service.model.interface], own))
        stack.enter_context(service.changed("logs.py", "lockstep_serve.access.Lines", "logging.StreamHandler"))
        server = stack.enter_context(started(command, environment, service.root, port, tmp_path / "log"))
        server.await_ready()
        assert server.body("/hello/Ada") == "Hello, Ada!"
        assert server.body("/modules") == "{}"
        assert (tmp_path / "notes").exists() == (service.model.interface == "WSGI")
