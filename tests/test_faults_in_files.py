"""Each gate that judges files fails, by name, on the fault it is there for, and passes without it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from services import Service

Plant = Callable[[Service], None]


@pytest.fixture
def damaged(fastapi: Service, tmp_path: Path) -> Service:
    """A copy of a good service, to plant a fault in."""
    return fastapi.copy(tmp_path / "damaged")


def in_lock(pattern: str, new: str) -> Plant:
    """Change the first place of uv.lock that matches."""

    def plant(service: Service) -> None:
        path = service.path / "uv.lock"
        text, count = re.subn(pattern, new, path.read_text(), count=1)
        assert count == 1, f"uv.lock has no {pattern!r}"
        path.write_text(text)

    return plant


def append_unneeded(service: Service) -> None:
    path = service.path / "uv.lock"
    block = re.search(r"\[\[package\]\]\nname = \"idna\"\n.*?(?=\n\[\[package\]\])", path.read_text(), re.DOTALL)
    assert block is not None
    path.write_text(path.read_text() + "\n" + block[0].replace('"idna"', '"idnb"').replace("idna-", "idnb-"))


LOCK_FAULTS = {
    "a wheel from another host": (
        in_lock(r"https://[^/\"]+(/[^\"]+\.whl)", r"https://files.example.org\1"),
        "files.example.org",
    ),
    "a wheel over plain http": (in_lock(r"https(://[^\"]+\.whl)", r"http\1"), "http://"),
    "a hash removed": (in_lock(r'(\.whl"), hash = "sha256:[0-9a-f]+"', r"\1"), "has no sha256"),
    "an upload time removed": (in_lock(r', upload-time = "[^"]+"', ""), "no upload time"),
    "a file of another project": (in_lock(r"/idna-([0-9.]+)-py3", r"/idnaa-\1-py3"), "is no file of idna"),
    "a package from another index": (
        in_lock(r'registry = "[^"]+"', 'registry = "https://index.example.org/simple"'),
        "no setting declares",
    ),
    "a package that nothing needs": (append_unneeded, "idnb is needed by nothing"),
    "an edge removed": (in_lock(r'    \{ name = "annotated-doc" \},\n', ""), "annotated-doc is needed by nothing"),
    "a package from git": (
        in_lock(r'(name = "idna"\nversion = "[^"]+"\nsource = )\{[^}]+\}', r'\1{ git = "https://example.org/idna?rev=1#1" }'),
        "",
    ),
}


@pytest.mark.parametrize("fault", LOCK_FAULTS)
def test_lock_names_a_poisoned_lock(damaged: Service, fault: str) -> None:
    plant, said = LOCK_FAULTS[fault]
    plant(damaged)

    done = damaged.lockstep("lock")

    assert done.returncode == 1, done.stdout
    assert "uv.lock" in done.stdout
    assert said in done.stdout
    assert "Traceback" not in done.stdout


def test_lock_passes_on_the_good_service(fastapi: Service) -> None:
    done = fastapi.lockstep("lock")

    assert done.returncode == 0, done.stdout
    assert "fresh and honest" in done.stdout


def test_lock_names_a_stale_lock(damaged: Service) -> None:
    damaged.edit("pyproject.toml", "dependencies = [", 'dependencies = [\n    "six>=1.16",')

    done = damaged.lockstep("lock")

    assert done.returncode == 1
    assert "uv.lock does not answer pyproject.toml." in done.stdout
    assert "Run `uv lock`" in done.stdout


def test_lock_names_conflict_markers(damaged: Service) -> None:
    path = damaged.path / "uv.lock"
    path.write_text(path.read_text().replace("[[package]]", "<<<<<<< ours\n[[package]]", 1))

    done = damaged.lockstep("lock")

    assert done.returncode == 1
    assert "Traceback" not in done.stdout


def test_a_conflict_in_pyproject_is_told_as_what_it_is(damaged: Service) -> None:
    path = damaged.path / "pyproject.toml"
    path.write_text("<<<<<<< before updating\n" + path.read_text())

    done = damaged.lockstep("lock")

    assert done.returncode == 1
    assert done.stdout.startswith("pyproject.toml cannot be read.")
    assert "conflict markers" in done.stdout


@pytest.mark.parametrize("name", [".python-version", "uv.toml", "Dockerfile", "noxfile.py.lock"])
def test_a_file_that_is_not_there_is_named(damaged: Service, name: str) -> None:
    (damaged.path / name).unlink()

    done = damaged.lockstep("pins")

    assert done.returncode == 1
    assert name in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    "variable",
    [
        "UV_DEFAULT_INDEX=https://index.example.org/simple",
        "UV_EXCLUDE_NEWER=2020-01-01",
        "UV_RESOLUTION=lowest",
        "UV_NO_CONFIG=1",
    ],
)
def test_no_variable_moves_the_verdict_on_the_lock(fastapi: Service, variable: str) -> None:
    name, _, value = variable.partition("=")

    assert fastapi.lockstep("lock", **{name: value}).returncode == 0


def test_no_user_configuration_moves_the_verdict_on_the_lock(fastapi: Service, tmp_path: Path) -> None:
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text('exclude-newer = "2020-01-01"\nresolution = "lowest"\n')

    assert fastapi.lockstep("lock", XDG_CONFIG_HOME=str(tmp_path)).returncode == 0


PIN_FAULTS: dict[str, tuple[tuple[str, str, str], str]] = {
    "a second uv in the Dockerfile": (
        ("Dockerfile", "astral-sh/uv:0.13.9", "astral-sh/uv:0.12.0"),
        "uv is stated two ways.",
    ),
    "the newest uv in the Dockerfile": (
        ("Dockerfile", "astral-sh/uv:0.13.9", "astral-sh/uv:latest"),
        "uv is stated two ways.",
    ),
    "a second uv in CI": ((".github/workflows/lockstep.yml", "uv==0.13.9", "uv==0.13.8"), "uv is stated two ways."),
    "a second Python in the Dockerfile": (
        ("Dockerfile", "docker.io/library/debian:trixie-slim", "docker.io/library/python:3.12.1"),
        "Python is stated two ways.",
    ),
    "an action by tag": (
        (".github/workflows/lockstep.yml", "8e8c483db84b4bee98b60c0593521ed34d9990e8", "v6"),
        "not pinned to a commit",
    ),
    "a grace that kills the drain": (
        ("deploy/compose.yaml", "stop_grace_period: 30s", "stop_grace_period: 3s"),
        "The grace is stated two ways.",
    ),
    "another port in compose": (("deploy/compose.yaml", ":8000:8000", ":8000:9000"), "The port is stated two ways."),
    "another port in the image": (("Dockerfile", "EXPOSE 8000", "EXPOSE 80"), "The port is stated two ways."),
}


@pytest.mark.parametrize("fault", PIN_FAULTS)
def test_pins_names_a_second_voice(damaged: Service, fault: str) -> None:
    planted, said = PIN_FAULTS[fault]
    damaged.edit(*planted)

    done = damaged.lockstep("pins")

    assert done.returncode == 1, done.stdout
    assert said in done.stdout
    assert planted[0] in done.stdout


def test_pins_passes_on_the_good_service(fastapi: Service) -> None:
    done = fastapi.lockstep("pins")

    assert done.returncode == 0, done.stdout


def test_pins_repairs_an_echo(damaged: Service) -> None:
    damaged.edit("Dockerfile", "astral-sh/uv:0.13.9", "astral-sh/uv:0.12.0")

    done = damaged.lockstep("pins", "--fix")

    assert done.returncode == 0, done.stdout
    assert "astral-sh/uv:0.13.9" in (damaged.path / "Dockerfile").read_text()


def test_pins_names_a_python_that_is_not_exact(damaged: Service) -> None:
    (damaged.path / ".python-version").write_text("3.13\n")

    done = damaged.lockstep("pins")

    assert done.returncode == 1
    assert "Python is not stated exactly." in done.stdout


def test_pins_names_a_nox_that_is_not_the_locked_one(fastapi: Service) -> None:
    done = fastapi.lockstep("pins", "--nox", "2024.1.1")

    assert done.returncode == 1
    assert "This is not the nox that the service locks." in done.stdout
