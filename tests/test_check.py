"""`check` looks at any repository, read only: it names what is planted there, and stays silent about a good service."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from services import Service

TOOL = Path(__file__).parents[1] / "template" / "src"
GOOD = {
    ".python-version": "3.13.9\n",
    ".dockerignore": "*\n!app.py\n",
    "app.py": "app = None\n",
    "requirements.txt": f"six==1.17.0 --hash=sha256:{'0' * 64}\n",
    "Dockerfile": f"FROM python:3.13.9@sha256:{'0' * 64}\n"
    "RUN pip install --require-hashes -r requirements.txt\n"
    'CMD ["gunicorn", "--workers", "2", "app:app"]\n'
    "USER 10001\n",
}
WORKFLOW = ".github/workflows/ci.yml"


def check(*words: str | Path, folder: Path = TOOL) -> subprocess.CompletedProcess[str]:
    """`lockstep check`, as somebody calls it who has a clone and nothing installed."""
    command = [sys.executable, "-B", "-m", "lockstep", "check", *map(str, words)]
    settings = {**os.environ, "PYTHONPATH": str(TOOL)}
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False, timeout=300)


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def contents(folder: Path) -> Iterator[tuple[str, bytes, int]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes(), path.stat().st_mtime_ns


# uv.lock of a project that has another version by now.
OLD_LOCK = """version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "x"
version = "1"
source = { virtual = "." }
"""

# A fault → the file, what stands there, the facet that must be broken or warned of, and words of what is said.
PLANTED = {
    "a requirement without a version": ("requirements.txt", "six\n", "✗ lock", "name no version"),
    "a requirement without a hash": ("requirements.txt", "six==1.17.0\n", "✗ lock", "have no hash"),
    "a lock that does not answer": (
        "uv.lock",
        OLD_LOCK,
        "✗ lock",
        "does not answer pyproject.toml",
    ),
    "a lock with conflict markers": ("uv.lock", "version = 1\n<<<<<<< before\n", "✗ lock", "conflict markers"),
    "another tool's lock": ("poetry.lock", '[[package]]\nname = "six"\n', "? lock", "Not looked at: poetry.lock"),
    "a Python without its patch": (".python-version", "3.13\n", "✗ python", "stated 2 ways"),
    "another Python in CI": (WORKFLOW, 'with:\n  python-version: "3.12.1"\n', "✗ python", f"{WORKFLOW}:2   3.12.1"),
    "uv in whatever version": (WORKFLOW, "run: pip install uv\n", "✗ tools", "whatever version there is"),
    "nox in whatever version": (WORKFLOW, "run: pipx run nox\n", "✗ tools", "nox is taken in whatever version"),
    "another uv in CI": (
        WORKFLOW,
        "run: uvx uv@0.13.8 sync --locked\n  image: ghcr.io/astral-sh/uv:0.13.9\n",
        "✗ tools",
        "uv is stated 2 ways",
    ),
    "a frozen installation": (WORKFLOW, "run: uv sync --frozen\n", "✗ installs", "`--frozen` installs from a lock"),
    "an installation that may move the lock": (WORKFLOW, "run: uv sync\n", "✗ installs", "move the lock"),
    "an installation of the newest": (WORKFLOW, "run: pip install -r requirements.txt\n", "✗ installs", "newest that day"),
    "a base that is whatever is newest": ("Containerfile", "FROM debian\nUSER 1\n", "✗ bases", "Containerfile:1   debian"),
    "a base by an argument": ("Containerfile", "ARG B=debian:latest\nFROM ${B}\nUSER 1\n", "✗ bases", "debian:latest"),
    "a base by tag": ("Containerfile", "FROM debian:13\nUSER 1\n", "! bases", "pinned by a tag"),
    "an image beside the service": ("compose.yaml", "services:\n  db:\n    image: postgres\n", "✗ bases", "compose.yaml:3"),
    "an action by tag": (WORKFLOW, "- uses: actions/checkout@v5\n", "✗ actions", "not pinned to a commit"),
    "another start command": ("Procfile", "web: gunicorn app:app --workers 4\n", "✗ start", "started 2 ways"),
    "a reload in production": ("Procfile", "web: uvicorn app:app --reload\n", "✗ start", "a server for development"),
    "a stop without an end": (
        "Dockerfile",
        f"FROM python:3.13.9@sha256:{'0' * 64}\nCMD uvicorn app:app\nUSER 1\n",
        "! start",
        "waits for requests without an end",
    ),
    "a shell before the server": ("compose.yaml", "command: sh -c 'gunicorn app:app'\n", "✗ start", "keeps SIGTERM"),
    "workers by the host's processors": ("gunicorn.conf.py", "workers = cpu_count() * 2 + 1\n", "✗ start", "gunicorn.conf.py:1"),
    "root by number": ("Containerfile", "FROM x:1\nUSER 0:0\n", "✗ user", "USER 0:0"),
    "root by silence": ("Containerfile", "FROM x:1 AS a\nUSER 1\nFROM a\n", "✗ user", "no USER, so root"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_what_is_planted_is_named(fault: str, tmp_path: Path) -> None:
    name, text, told, said = PLANTED[fault]
    project = {"pyproject.toml": '[project]\nname = "x"\nversion = "2"\nrequires-python = ">=3.11"\n'}
    folder = write(tmp_path / "service", {**GOOD, **project, name: text})
    if name == "poetry.lock":
        (folder / "requirements.txt").unlink()

    done = check(folder)

    assert done.returncode == {"✗": 1, "?": 2, "!": 0}[told[0]]
    assert told in done.stdout
    assert said in done.stdout
    assert done.stdout.count("fix:") >= 1
    assert done.stderr == ""


def test_a_good_repository_that_no_template_made_has_nothing_broken(tmp_path: Path) -> None:
    done = check(write(tmp_path / "service", GOOD))

    assert done.returncode == 0, done.stdout
    assert "✗" not in done.stdout.partition("✓ holds")[0]


def test_a_service_of_the_template_has_nothing_broken_and_is_not_touched(fastapi: Service, flask: Service) -> None:
    before = [list(contents(service.path)) for service in (fastapi, flask)]

    done = check(fastapi.path, flask.path, "--details")

    assert done.returncode == 0, done.stdout
    assert before == [list(contents(service.path)) for service in (fastapi, flask)]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda lock: lock.replace("https://files.", "https://flies.", 1), "which no index uses"),
        (lambda lock: lock.replace("hash = ", "lost = ", 1), "has no sha256"),
        (lambda lock: lock.replace('requires-python = ">=3.11', 'requires-python = ">=3.12', 1), "does not answer"),
    ],
    ids=["another host", "no hash", "another range"],
)
def test_a_poisoned_lock_is_named(fault: Callable[[str], str], told: str, fastapi: Service, tmp_path: Path) -> None:
    service = fastapi.copy(tmp_path / "service")
    lock = service.path / "uv.lock"
    lock.write_text(fault(lock.read_text()))

    done = check(service.path)

    assert done.returncode == 1
    assert "✗ lock" in done.stdout
    assert told in done.stdout


def test_code_of_the_repository_is_not_run(tmp_path: Path) -> None:
    """Metadata that only a build can tell is left open: a build would run setup.py."""
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    lock = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n[[package]]\nname = "x"\nsource = { editable = "." }\n'
    files = {
        "pyproject.toml": '[project]\nname = "x"\ndynamic = ["version", "dependencies"]\nrequires-python = ">=3.11"\n',
        "setup.py": trap,
        "noxfile.py": trap,
        "uv.lock": lock,
    }

    done = check(write(tmp_path / "service", files))

    assert done.returncode in {1, 2}
    assert not (tmp_path / "sprung").exists()
    assert "Traceback" not in done.stderr


def test_what_cannot_be_looked_at_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    good = write(tmp_path / "good", GOOD)
    empty = write(tmp_path / "empty", {"notes.txt": "\n"})
    broken = write(tmp_path / "broken", {**GOOD, "pyproject.toml": "[project\n", "uv.lock": "\0"})
    leading = write(tmp_path / "leading", {**GOOD})
    (leading / "Dockerfile").unlink()
    (leading / "Dockerfile").symlink_to("/etc/hostname")

    done = check(good, tmp_path / "missing", good / "app.py", empty, broken, leading, "--details")

    assert done.returncode == 1
    assert "no repository" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "missing  not looked at: not there" in done.stdout
    assert "app.py   not looked at: a file, not a folder" in done.stdout
    assert "empty    not looked at: no Python project" in done.stdout
    assert "uv.lock cannot be read" in done.stdout
    assert "leads out of the repository" in done.stdout
    assert "6 looked at: something is broken in 1, something could not be looked at in 4." in done.stdout


def test_only_what_could_not_be_looked_at_ends_with_two(tmp_path: Path) -> None:
    assert check(tmp_path / "missing").returncode == 2


def test_the_table_has_a_line_for_each_and_is_sorted_by_a_column(tmp_path: Path) -> None:
    bad = write(tmp_path / "a-bad", {**GOOD, "requirements.txt": "six\n", "Procfile": "web: uvicorn app:app --reload\n"})
    fair = write(tmp_path / "b-fair", {**GOOD, ".python-version": "3.13\n"})
    good = write(tmp_path / "c-good", GOOD)
    names = ("a-bad", "b-fair", "c-good")

    def order(column: str) -> list[str]:
        done = check(good, fair, bad, "--sort", column)
        return [line.split()[0] for line in done.stdout.splitlines() if line.strip().startswith(names)]

    assert order("service") == ["a-bad", "b-fair", "c-good"]
    assert order("broken") == ["a-bad", "b-fair", "c-good"]
    assert order("python") == ["b-fair", "a-bad", "c-good"]
    assert "There is no such column." in check(good, "--sort", "beauty").stderr


def test_json_has_everything_and_any_number_of_processes_finds_the_same(tmp_path: Path) -> None:
    folders = [write(tmp_path / f"service-{number}", {**GOOD, "requirements.txt": "six\n"}) for number in range(6)]
    one, two = tmp_path / "one.json", tmp_path / "two.json"

    check(*folders, "--jobs", "1", "--json", one)
    check(*folders, "--jobs", "3", "--json", two)

    document = json.loads(one.read_text())
    assert one.read_text() == two.read_text()
    assert document["schema"] == "lockstep.check/1"
    assert [service["facets"]["lock"] for service in document["services"]] == ["✗"] * 6
    assert document["services"][0]["looks"][0]["fix"]
