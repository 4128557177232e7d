"""What is asked, and what follows from the answers."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Render
from snapshot import Template, rules_of


@pytest.mark.parametrize(
    ("folder", "name"), [("orders-api", "orders-api"), ("Orders API", "hello-service"), ("json", "hello-service")]
)
def test_the_folder_names_the_service_when_it_can(template: Template, tmp_path: Path, folder: str, name: str) -> None:
    done = template.copy(tmp_path / folder, {})

    assert done.returncode == 0, done.stderr
    assert tomllib.loads((tmp_path / folder / "pyproject.toml").read_text())["project"]["name"] == name


@pytest.mark.parametrize("name", ["a", "x2", "tool", "json-api", "class-9", "a" * 63])
def test_a_good_name_is_accepted(template: Template, tmp_path: Path, name: str) -> None:
    done = template.copy(tmp_path / "service", {"project_name": name})

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "service" / "src" / name.replace("-", "_") / "app.py").is_file()


@pytest.mark.parametrize(
    ("framework", "work", "server"), [("fastapi", "awaits", "uvicorn"), ("flask", "waits", "gunicorn-gthread")]
)
def test_work_and_server_follow_the_framework(render: Render, framework: str, work: str, server: str) -> None:
    answers = yaml.safe_load((render({"framework": framework}) / ".copier-answers.yml").read_text())

    assert (answers["work"], answers["server"]) == (work, server)


def test_at_most_eight_questions_are_asked_and_each_has_a_default(template: Template) -> None:
    asked: list[Any] = [
        entry for name, entry in rules_of(template).items() if not name.startswith("_") and entry.get("when") is not False
    ]

    assert len(asked) <= 8
    assert all(entry.get("default") is not None and entry.get("help") for entry in asked)


def test_no_code_runs_at_birth_or_on_update(template: Template) -> None:
    rules = rules_of(template)

    assert not {"_tasks", "_migrations", "_jinja_extensions", "_external_data"} & set(rules)


def test_the_supported_pythons_are_said_alike_everywhere(template: Template) -> None:
    offered = rules_of(template)["pythons"]["default"]
    first, last = (int(version.split(".")[1]) for version in (offered[0], offered[-1]))
    wanted = f'requires-python = ">=3.{first},<3.{last + 1}"'
    files = ["locks/pyproject.toml", "template/pyproject.toml.jinja", "template/noxfile.py", "tests/pyproject.toml"]
    said = {name: re.findall(r"requires-python = .*", (template.path / name).read_text()) for name in files}

    assert said == {name: [wanted] for name in files}
