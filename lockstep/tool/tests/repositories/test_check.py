"""`check` looks at any repository, read only: it names what is planted there, and stays silent about a good one."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lockstep_tool.__main__ import main
from small_service import SmallService

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


@dataclass(frozen=True)
class Answer:
    """How `lockstep check` ended, and what it printed."""

    code: int
    out: str
    error: str


Check = Callable[..., Answer]


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], good: SmallService, monkeypatch: pytest.MonkeyPatch) -> Check:
    """`lockstep check`, run in a service: the lock of its menu knows the hosts of the usual index."""
    monkeypatch.chdir(good.root)

    def run(*words: str | Path) -> Answer:
        code = main(["check", *map(str, words)])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run


def write(directory: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


def contents(directory: Path) -> Iterator[tuple[str, bytes, int]]:
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            yield path.relative_to(directory).as_posix(), path.read_bytes(), path.stat().st_mtime_ns


# uv.lock of a project that has another version by now.
OLD_LOCK = """version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "x"
version = "1"
source = { virtual = "." }
"""

# A fault → the file, what stands there, the column with its sign, and words of what is said.
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
def test_what_is_planted_is_named(check: Check, fault: str, tmp_path: Path) -> None:
    name, text, sign, said = PLANTED[fault]
    project = {"pyproject.toml": '[project]\nname = "x"\nversion = "2"\nrequires-python = ">=3.11"\n'}
    directory = write(tmp_path / "repository", {**GOOD, **project, name: text})
    if name == "poetry.lock":
        (directory / "requirements.txt").unlink()

    answer = check(directory)

    assert answer.code == {"✗": 1, "?": 2, "!": 0}[sign[0]]
    assert sign in answer.out
    assert said in answer.out
    assert answer.out.count("fix:") >= 1
    assert answer.error == ""


def test_a_good_repository_that_no_template_made_has_nothing_broken(check: Check, tmp_path: Path) -> None:
    answer = check(write(tmp_path / "repository", GOOD))

    assert answer.code == 0, answer.out
    assert "✗" not in answer.out.partition("✓ holds")[0]


def test_a_service_has_nothing_broken_and_is_not_touched(check: Check, service: SmallService) -> None:
    before = list(contents(service.root))

    answer = check(service.root)

    assert answer.code == 0, answer.out
    assert "✓ lock" not in answer.out
    assert before == list(contents(service.root))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda lock: lock.replace("https://files.", "https://flies.", 1), "which no index uses"),
        (lambda lock: lock.replace("https://files.", "https://flies."), "which no index uses"),
        (lambda lock: lock.replace("hash = ", "lost = ", 1), "has no sha256"),
        (lambda lock: lock.replace('requires-python = ">=3.11', 'requires-python = ">=3.12', 1), "does not answer"),
    ],
    ids=["another host", "another host for all", "no hash", "another range"],
)
def test_a_poisoned_lock_is_named(check: Check, fault: Callable[[str], str], said: str, service: SmallService) -> None:
    service.write("uv.lock", fault(service.read("uv.lock")))

    answer = check(service.root)

    assert answer.code == 1
    assert "✗ lock" in answer.out
    assert said in answer.out


def test_a_wheel_of_the_repository_that_changed_is_named(check: Check, service: SmallService) -> None:
    [wheel] = service.root.glob(".lockstep/lockstep_serve-*.whl")
    wheel.write_bytes(wheel.read_bytes()[:-1])

    answer = check(service.root)

    assert answer.code == 1
    assert f".lockstep/{wheel.name}   sha256:" in answer.out


def test_code_of_the_repository_is_not_run(check: Check, tmp_path: Path) -> None:
    """Metadata that only a build can tell is left open: a build would run setup.py."""
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    lock = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n[[package]]\nname = "x"\nsource = { editable = "." }\n'
    files = {
        "pyproject.toml": '[project]\nname = "x"\ndynamic = ["version", "dependencies"]\nrequires-python = ">=3.11"\n',
        "setup.py": trap,
        "noxfile.py": trap,
        "uv.lock": lock,
    }

    answer = check(write(tmp_path / "repository", files))

    assert answer.code in {1, 2}
    assert not (tmp_path / "sprung").exists()
    assert "Traceback" not in answer.error


def test_what_cannot_be_looked_at_is_named_and_the_others_go_on(check: Check, tmp_path: Path) -> None:
    good = write(tmp_path / "good", GOOD)
    empty = write(tmp_path / "empty", {"notes.txt": "\n"})
    broken = write(tmp_path / "broken", {**GOOD, "pyproject.toml": "[project\n", "uv.lock": "\0"})
    leading = write(tmp_path / "leading", {**GOOD})
    (leading / "Dockerfile").unlink()
    (leading / "Dockerfile").symlink_to("/etc/hostname")

    answer = check(good, tmp_path / "missing", good / "app.py", empty, broken, leading, "--details")

    assert answer.code == 1
    assert "missing  not looked at: not there" in answer.out
    assert "app.py   not looked at: a file, not a directory" in answer.out
    assert "empty    not looked at: no Python project" in answer.out
    assert "uv.lock cannot be read" in answer.out
    assert "leads out of the repository" in answer.out
    assert "6 looked at: something is broken in 1, something could not be looked at in 4." in answer.out


def test_only_what_could_not_be_looked_at_ends_with_two(check: Check, tmp_path: Path) -> None:
    assert check(tmp_path / "missing").code == 2


def test_the_table_has_a_line_for_each_and_is_sorted_by_a_column(check: Check, tmp_path: Path) -> None:
    bad = write(tmp_path / "a-bad", {**GOOD, "requirements.txt": "six\n", "Procfile": "web: uvicorn app:app --reload\n"})
    fair = write(tmp_path / "b-fair", {**GOOD, ".python-version": "3.13\n"})
    good = write(tmp_path / "c-good", GOOD)
    names = ("a-bad", "b-fair", "c-good")

    def order(column: str) -> list[str]:
        answer = check(good, fair, bad, "--sort", column, "--jobs", "1")
        return [line.split()[0] for line in answer.out.splitlines() if line.strip().startswith(names)]

    assert order("service") == ["a-bad", "b-fair", "c-good"]
    assert order("broken") == ["a-bad", "b-fair", "c-good"]
    assert order("python") == ["b-fair", "a-bad", "c-good"]
    assert "There is no such column." in check(good, "--sort", "beauty").error


def test_json_has_everything_and_any_number_of_processes_finds_the_same(check: Check, tmp_path: Path) -> None:
    directories = [write(tmp_path / f"service-{number}", {**GOOD, "requirements.txt": "six\n"}) for number in range(4)]
    one, two = tmp_path / "one.json", tmp_path / "two.json"

    check(*directories, "--jobs", "1", "--json", one)
    check(*directories, "--jobs", "2", "--json", two)

    document = json.loads(one.read_text())
    assert one.read_text() == two.read_text()
    assert document["schema"] == "lockstep.check/1"
    assert [service["checks"]["lock"] for service in document["services"]] == ["✗"] * 4
    assert document["services"][0]["findings"][0]["fix"]


def test_a_column_with_nothing_to_look_at_finds_nothing(check: Check, tmp_path: Path) -> None:
    path = write(tmp_path / "bare", {"requirements.txt": GOOD["requirements.txt"], ".python-version": "3.13.9\n"})
    answer = check(path)

    assert "bare     !     ✓       ✓      -         -      -        -      -     -        0" in answer.out
