"""A bad answer is refused in three parts, without a traceback, with nothing written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reference.rendering import template as parts_of_the_template
from snapshot import REPOSITORY, Template

NAMES = {
    "empty": ("", "The service has no name.", "such as orders-api"),
    "a digit first": ("9lives", "cannot start with a digit", "such as orders-api"),
    "a keyword": ("class", "it is a keyword of Python", "class-api"),
    "a standard module": ("json", "it is a module of Python's standard library", "json-api"),
    "a standard module that only 3.11 has": ("imghdr", "it is a module of Python's standard library", "imghdr-api"),
    "a standard module that only 3.14 has": ("annotationlib", "it is a module of Python's standard library", "annotationlib-api"),
    "a template": ("{{ orders }}", "lower-case words joined by hyphens", "Write orders."),
    "a locked package": ("starlette", "it is a package that services lock", "starlette-api"),
    "a locked package with a hyphen": ("typing-extensions", "it is a package that services lock", "typing-extensions-api"),
    "a package that another answer locks": ("werkzeug", "it is a package that services lock", "werkzeug-api"),
    "a module of a locked package": ("dotenv", "it is imported from a package that services lock", "dotenv-api"),
    "a standard module that is left out of lists": ("test", "it is a module of Python's standard library", "test-api"),
    "what YAML reads as nothing": ("null", "it is a word that YAML does not read as a name", "null-api"),
    "what YAML reads as true": ("yes", "it is a word that YAML does not read as a name", "yes-api"),
    "Lockstep's name": ("lockstep", "The name lockstep is taken: it is Lockstep's own.", "lockstep-api"),
    "the tool": ("lockstep-tool", "The name lockstep-tool is taken: it is Lockstep's own.", "lockstep-tool-api"),
    "what serves": ("lockstep-serve", "it is a package that services lock", "lockstep-serve-api"),
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
OTHERS: dict[str, tuple[dict[str, object], list[str], str]] = {
    "a server that does not fit flask": (
        {"framework": "flask", "server": "uvicorn"},
        ["The server does not fit the framework.", "speaks WSGI", "speaks ASGI   <- differs"],
        "Choose gunicorn-gthread, gunicorn-gevent or gunicorn-sync, or another framework.",
    ),
    "a server that does not fit fastapi": (
        {"framework": "fastapi", "server": "gunicorn-gthread"},
        ["The server does not fit the framework.", "speaks ASGI", "speaks WSGI   <- differs"],
        "Choose uvicorn, gunicorn-asgi, gunicorn-uvicorn or uvicorn-workers, or another framework.",
    ),
    "an unknown server": ({"server": "nginx"}, ["server   nginx"], "gunicorn-gthread, gunicorn-gevent or gunicorn-sync."),
    "an unknown framework": ({"framework": "bottle"}, ["framework   bottle"], "Choose fastapi, flask or django."),
    "a framework as its name is written": (
        {"framework": "FastAPI"},
        ["framework   FastAPI"],
        "Choose fastapi, flask or django.",
    ),
    "a server in capitals": ({"server": "UVICORN"}, ["server   UVICORN"], "gunicorn-gthread, gunicorn-gevent or gunicorn-sync."),
    "work in title case": ({"work": "Awaits"}, ["work   Awaits"], "Choose awaits, waits or computes."),
    "a CI as its name is written": ({"ci": "GitHub"}, ["ci   GitHub"], "Choose github, gitlab or none."),
    "a way to deploy in title case, twice": (
        {"deploy": ["Compose", "compose", "Compose"]},
        ["deploy   Compose"],
        "Choose compose, kubernetes, systemd, procfile or prometheus.",
    ),
    "an extra as its name is written": (
        {"extras": ["VSCode"]},
        ["extras   VSCode"],
        "Choose scaling, devcontainer, vscode, renovate or opentelemetry.",
    ),
    "no framework": ({"framework": ""}, ["framework   (empty)"], "Choose fastapi, flask or django."),
    "an unknown kind of work": ({"work": "sleeps"}, ["work   sleeps"], "Choose awaits, waits or computes."),
    "an unknown CI": ({"ci": "jenkins"}, ["ci   jenkins"], "Choose github, gitlab or none."),
    "an unknown way to deploy": (
        {"deploy": ["compose", "heroku"]},
        ["deploy   heroku"],
        "Choose compose, kubernetes, systemd, procfile or prometheus.",
    ),
    "an extra that is none": (
        {"extras": ["pipenv"]},
        ["extras   pipenv"],
        "Choose scaling, devcontainer, vscode, renovate or opentelemetry.",
    ),
    "a Python without a patch": ({"python": "3.13"}, ["Python is not stated exactly."], "such as 3.14.10"),
    "a Python that is a word": ({"python": "newest"}, ["Python is not stated exactly."], "such as 3.14.10"),
    "a pre-release of Python": ({"python": "3.14.0rc1"}, ["Python is not stated exactly."], "such as 3.14.10"),
    "a Python that is too old": ({"python": "3.10.13"}, ["does not support"], "3.14 or 3.15, and write all three numbers."),
    "a Python that is too new": ({"python": "3.16.0"}, ["does not support"], "3.14 or 3.15, and write all three numbers."),
    "a description of two lines": ({"description": "one\ntwo"}, ["A description is one line."], "Leave out line breaks"),
}


@pytest.fixture(scope="module")
def unversioned() -> Iterator[Template]:
    """Without git, so that nothing is cloned before it is refused."""
    with parts_of_the_template(REPOSITORY) as folder:
        yield Template(folder)


@pytest.mark.parametrize("case", NAMES)
def test_a_name_is_refused(unversioned: Template, tmp_path: Path, case: str) -> None:
    value, wrong, repair = NAMES[case]

    assert_refused(unversioned, tmp_path / "service", {"project_name": value}, [wrong, "project_name"], repair)


@pytest.mark.parametrize("case", OTHERS)
def test_an_answer_is_refused(unversioned: Template, tmp_path: Path, case: str) -> None:
    answers, said, repair = OTHERS[case]

    assert_refused(unversioned, tmp_path / "service", answers, said, repair)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"deploy": "compose"}, "ways to deploy are a list, such as deploy=[compose,kubernetes]"),
        ({"extras": "vscode"}, "extras are a list, such as extras=[vscode,renovate]"),
    ],
    ids=["deploy", "extras"],
)
def test_an_answer_that_is_no_list_is_refused(
    unversioned: Template, tmp_path: Path, answer: dict[str, object], said: str
) -> None:
    """Copier takes the list apart before any rule is asked; so this one is told in a single line."""
    done = unversioned.copy(tmp_path / "service", answer)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "service").exists()


@pytest.mark.parametrize("file", ["notes.txt", ".env", "src/app.py", ".venv/pyvenv.cfg", "a/b/c/d.txt"])
def test_a_destination_that_is_not_empty_is_refused(unversioned: Template, tmp_path: Path, file: str) -> None:
    there = tmp_path / "service" / file
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    done = unversioned.copy(tmp_path / "service", {})

    assert_three_parts(done.stderr, ["The destination is not empty.", f"has {file}"], "run `uv run noxfile.py -s update` in it.")
    assert done.returncode == 1
    assert [path for path in (tmp_path / "service").rglob("*") if path.is_file()] == [there]
    assert there.read_text() == "mine"


@pytest.mark.parametrize("git", ["folder", "file"])
def test_an_empty_repository_is_filled(unversioned: Template, tmp_path: Path, git: str) -> None:
    name = ".git/HEAD" if git == "folder" else ".git"
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("ref: refs/heads/main\n")
    done = unversioned.copy(tmp_path, {"project_name": "orders-api"})

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "src" / "orders_api").is_dir()


def assert_refused(unversioned: Template, folder: Path, answers: dict[str, object], said: list[str], repair: str) -> None:
    done = unversioned.copy(folder, answers)

    assert done.returncode == 1, done.stderr
    assert_three_parts(done.stderr, said, repair)
    assert not folder.exists()


def assert_three_parts(text: str, said: list[str], repair: str) -> None:
    """What is wrong; where it says what, indented; what to do."""
    assert "Traceback" not in text, text
    wrong, where, remedy = text.strip().split("\n\n")[-3:]
    assert all(words in f"{wrong}\n{where}" for words in said), text
    assert wrong.endswith("."), text
    assert where.startswith("  "), text
    assert repair in remedy, text
