"""What is asked, and what follows from the answers."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Render
from reference.rendering import template as parts_of_the_template
from snapshot import REPOSITORY, Template, rules_of


@pytest.fixture(scope="module")
def unversioned() -> Iterator[Template]:
    """Without git: questions do not depend on the version."""
    with parts_of_the_template(REPOSITORY) as folder:
        yield Template(folder)


@pytest.mark.parametrize(
    ("folder", "name"), [("orders-api", "orders-api"), ("Orders API", "hello-service"), ("json", "hello-service")]
)
def test_the_folder_names_the_service_when_it_can(unversioned: Template, tmp_path: Path, folder: str, name: str) -> None:
    done = unversioned.copy(tmp_path / folder, {})

    assert done.returncode == 0, done.stderr
    assert tomllib.loads((tmp_path / folder / "pyproject.toml").read_text())["project"]["name"] == name


@pytest.mark.parametrize("name", ["a", "x2", "tool", "json-api", "class-9", "a" * 63])
def test_a_good_name_is_accepted(unversioned: Template, tmp_path: Path, name: str) -> None:
    done = unversioned.copy(tmp_path / "service", {"project_name": name})

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "service" / "src" / name.replace("-", "_") / "app.py").is_file()


@pytest.mark.parametrize(
    ("framework", "work", "server"), [("fastapi", "awaits", "uvicorn"), ("flask", "waits", "gunicorn-gthread")]
)
def test_work_and_server_follow_the_framework(render: Render, framework: str, work: str, server: str) -> None:
    answers = yaml.safe_load((render({"framework": framework}) / ".copier-answers.yml").read_text())

    assert (answers["work"], answers["server"]) == (work, server)


def test_nine_questions_are_asked_and_each_has_a_default(unversioned: Template) -> None:
    asked: list[Any] = [
        entry for name, entry in rules_of(unversioned).items() if not name.startswith("_") and entry.get("when") is not False
    ]

    assert len(asked) == 9
    assert all(entry.get("default") is not None and entry.get("help") for entry in asked)


def test_no_code_runs_at_birth_or_on_update(unversioned: Template) -> None:
    rules = rules_of(unversioned)

    assert not {"_tasks", "_migrations", "_jinja_extensions", "_external_data"} & set(rules)


def test_the_supported_pythons_are_said_alike_everywhere(unversioned: Template) -> None:
    offered = rules_of(unversioned)["pythons"]["default"]
    first, last = (int(version.split(".")[1]) for version in (offered[0], offered[-1]))
    wanted = f'requires-python = ">=3.{first},<3.{last + 1}"'
    template = ["pyproject.toml.jinja", "noxfile.py", ".lockstep/pyproject.toml"]
    files = ["noxfile.py", *(f"{part}/pyproject.toml" for part in ("locks", "lockstep", "tests"))]
    files += [f"template/{name}" for name in template]
    said = {name: re.findall(r"requires-python = .*", (REPOSITORY / name).read_text()) for name in files}

    assert said == {name: [wanted] for name in files}
