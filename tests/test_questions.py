"""What is asked, what follows, and how a bad answer is refused: in three parts, without a traceback, with nothing written."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Render
from snapshot import Template, rules_of

NAMES = {
    "empty": ("", "The service has no name.", "such as orders-api"),
    "a digit first": ("9lives", "cannot start with a digit", "such as orders-api"),
    "a keyword": ("class", "it is a keyword of Python", "class-api"),
    "a standard module": ("json", "it is a module of Python's standard library", "json-api"),
    "a standard module that only 3.11 has": ("imghdr", "it is a module of Python's standard library", "imghdr-api"),
    "a standard module that only 3.14 has": ("annotationlib", "it is a module of Python's standard library", "such as"),
    "a template": ("{{ orders }}", "lower-case words joined by hyphens", "Write orders."),
    "a locked package": ("starlette", "it is a package that services lock", "starlette-api"),
    "a locked package with a hyphen": ("typing-extensions", "it is a package that services lock", "such as"),
    "a package that another answer locks": ("werkzeug", "it is a package that services lock", "werkzeug-api"),
    "a module of a locked package": ("dotenv", "it is imported from a package that services lock", "dotenv-api"),
    "the environment tool": ("lockstep", "it is the environment tool", "lockstep-api"),
    "not ASCII": ("café", "made of ASCII letters", "such as orders-api"),
    "upper case": ("Orders", "lower-case words joined by hyphens", "Write orders."),
    "an underscore": ("orders_api", "lower-case words joined by hyphens", "Write orders-api."),
    "a space": ("orders api", "lower-case words joined by hyphens", "Write orders-api."),
    "a double hyphen": ("orders--api", "lower-case words joined by hyphens", "Write orders-api."),
    "a line break": ("orders\napi", "made of ASCII letters", "such as orders-api"),
    "a line of YAML": ("orders: {", "lower-case words joined by hyphens", "Write orders."),
    "a way out of the folder": ("../orders", "lower-case words joined by hyphens", "Write orders."),
    "another folder": ("/tmp/orders", "lower-case words joined by hyphens", "Write tmp-orders."),
    "longer than a DNS label": ("a" * 64, "at most 63 characters", "Shorten it by 1."),
}
OTHERS = {
    "a server that does not fit flask": (
        {"framework": "flask", "server": "uvicorn"},
        ["The server does not fit the framework.", "speaks WSGI", "speaks ASGI   <- differs"],
        "Choose gunicorn-gthread, or another framework.",
    ),
    "a server that does not fit fastapi": (
        {"framework": "fastapi", "server": "gunicorn-gthread"},
        ["The server does not fit the framework.", "speaks ASGI", "speaks WSGI   <- differs"],
        "Choose uvicorn, or another framework.",
    ),
    "an unknown server": ({"server": "nginx"}, ["server   nginx"], "Choose uvicorn or gunicorn-gthread."),
    "an unknown framework": ({"framework": "django"}, ["framework   django"], "Choose fastapi or flask."),
    "no framework": ({"framework": ""}, ["framework   (empty)"], "Choose fastapi or flask."),
    "an unknown kind of work": ({"work": "sleeps"}, ["work   sleeps"], "Choose awaits, waits or computes."),
    "an unknown CI": ({"ci": "jenkins"}, ["ci   jenkins"], "Choose github, gitlab or none."),
    "an unknown way to deploy": (
        {"deploy": ["compose", "heroku"]},
        ["deploy   heroku"],
        "Choose compose, kubernetes or systemd.",
    ),
    "a Python without a patch": ({"python": "3.13"}, ["Python is not stated exactly."], "such as 3.13.18"),
    "a Python that is a word": ({"python": "newest"}, ["Python is not stated exactly."], "such as 3.13.18"),
    "a pre-release of Python": ({"python": "3.14.0rc1"}, ["Python is not stated exactly."], "such as 3.13.18"),
    "a Python that is too old": ({"python": "3.10.13"}, ["does not support"], "3.11, 3.12, 3.13 or 3.14."),
    "a Python that is too new": ({"python": "3.15.2"}, ["does not support"], "3.11, 3.12, 3.13 or 3.14."),
    "a description of two lines": ({"description": "one\ntwo"}, ["A description is one line."], "Leave out line breaks"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_is_refused(template: Template, tmp_path: Path, case: str) -> None:
    value, wrong, repair = NAMES[case]

    assert_refused(template, tmp_path / "service", {"project_name": value}, [wrong, "project_name"], repair)


@pytest.mark.parametrize("case", OTHERS)
def test_an_answer_is_refused(template: Template, tmp_path: Path, case: str) -> None:
    answers, said, repair = OTHERS[case]

    assert_refused(template, tmp_path / "service", answers, said, repair)


def test_ways_to_deploy_that_are_no_list_are_refused(template: Template, tmp_path: Path) -> None:
    """Copier takes the list apart before any rule is asked; so this one is told in a single line."""
    done = template.copy(tmp_path / "service", {"deploy": "compose"})

    assert done.returncode == 1
    assert "ways to deploy are a list, such as deploy=[compose,kubernetes]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "service").exists()


@pytest.mark.parametrize("file", ["notes.txt", ".env", "src/app.py", ".venv/pyvenv.cfg", "a/b/c/d.txt"])
def test_a_destination_that_is_not_empty_is_refused(template: Template, tmp_path: Path, file: str) -> None:
    there = tmp_path / "service" / file
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    done = template.copy(tmp_path / "service", {})

    assert_three_parts(done.stderr, ["The destination is not empty.", f"has {file}"], "run `copier update` in it.")
    assert done.returncode == 1
    assert [path for path in (tmp_path / "service").rglob("*") if path.is_file()] == [there]
    assert there.read_text() == "mine"


@pytest.mark.parametrize("git", ["folder", "file"])
def test_an_empty_repository_is_furnished(template: Template, tmp_path: Path, git: str) -> None:
    name = ".git/HEAD" if git == "folder" else ".git"
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("ref: refs/heads/main\n")
    done = template.copy(tmp_path, {"project_name": "orders-api"})

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "src" / "orders_api").is_dir()


@pytest.mark.parametrize(
    ("folder", "name"), [("orders-api", "orders-api"), ("Orders API", "hello-service"), ("json", "hello-service")]
)
def test_the_folder_names_the_service_when_it_can(template: Template, tmp_path: Path, folder: str, name: str) -> None:
    done = template.copy(tmp_path / folder, {})

    assert done.returncode == 0, done.stderr
    assert tomllib.loads((tmp_path / folder / "pyproject.toml").read_text())["project"]["name"] == name


@pytest.mark.parametrize(
    ("framework", "work", "server"), [("fastapi", "awaits", "uvicorn"), ("flask", "waits", "gunicorn-gthread")]
)
def test_work_and_server_follow_the_framework(render: Render, framework: str, work: str, server: str) -> None:
    answers = yaml.safe_load((render({"framework": framework}) / ".copier-answers.yml").read_text())

    assert (answers["work"], answers["server"]) == (work, server)


def test_at_most_eight_questions_are_asked_and_each_has_a_default(template: Template) -> None:
    asked: list[Any] = [
        entry
        for name, entry in rules_of(template).items()
        if not name.startswith("_") and entry.get("when") is not False  # type: ignore[attr-defined]
    ]

    assert len(asked) <= 8
    assert all(entry.get("default") is not None and entry.get("help") for entry in asked)


def test_no_code_runs_at_birth_or_on_update(template: Template) -> None:
    rules = rules_of(template)

    assert not {"_tasks", "_migrations", "_jinja_extensions", "_external_data"} & set(rules)


def test_the_supported_pythons_are_said_alike_everywhere(template: Template) -> None:
    offered = rules_of(template)["pythons"]["default"]  # type: ignore[index]
    first, last = (int(version.split(".")[1]) for version in (offered[0], offered[-1]))
    wanted = f'requires-python = ">=3.{first},<3.{last + 1}"'
    files = ["locks/pyproject.toml", "template/pyproject.toml.jinja", "template/noxfile.py", "tests/pyproject.toml"]
    said = {name: re.findall(r"requires-python = .*", (template.path / name).read_text()) for name in files}

    assert said == {name: [wanted] for name in files}


def assert_refused(template: Template, folder: Path, answers: dict[str, object], said: list[str], repair: str) -> None:
    done = template.copy(folder, answers)

    assert done.returncode == 1, done.stderr
    assert_three_parts(done.stderr, said, repair)
    assert not folder.exists()


def assert_three_parts(text: str, said: list[str], repair: str) -> None:
    """What is wrong; where each voice says what, indented; what to do."""
    assert "Traceback" not in text, text
    wrong, where, remedy = text.strip().split("\n\n")[-3:]
    assert all(words in f"{wrong}\n{where}" for words in said), text
    assert wrong.endswith("."), text
    assert where.startswith("  "), text
    assert repair in remedy, text
