"""`upgrade` moves packages, uv and Python together with every echo of them, or it moves nothing."""

import platform
from pathlib import Path

import pytest

from services import Service
from snapshot import git
from stand_in_index import Index, from_index


@pytest.fixture
def service(fastapi: Service, index: Index, tmp_path: Path) -> Service:
    """A service that could move: its index has newer releases of both packages by now."""
    service = from_index(fastapi, index, tmp_path / "service")
    index.publish("tiny", "1.1", "smaller")
    index.publish("smaller", "1.2")
    return service


def changed(service: Service) -> list[str]:
    return git(service.path, "diff", "--name-only").split()


def test_every_package_moves_and_a_table_says_from_where_to_where(service: Service) -> None:
    done = service.lockstep("upgrade")

    assert done.returncode == 0, done.stdout
    rows = [line.split() for line in done.stdout.splitlines()[:3]]
    assert rows == [["moved", "from", "to"], ["smaller", "1.0", "1.2"], ["tiny", "1.0", "1.1"]]
    assert changed(service) == ["uv.lock"]


def test_one_package_moves(service: Service) -> None:
    done = service.lockstep("upgrade", "-P", "tiny")

    assert done.returncode == 0, done.stdout
    assert "tiny     1.0      1.1" in done.stdout
    assert "smaller  1.0" not in done.stdout


def test_python_moves_with_every_echo(service: Service) -> None:
    (service.path / ".python-version").write_text("3.12.0\n")
    service.edit(".copier-answers.yml", f"python: {platform.python_version()}", "python: 3.12.0")
    git(service.path, "commit", "--quiet", "--all", "--message", "Run on another Python")

    done = service.lockstep("upgrade", "--keep", "--python", platform.python_version())

    assert done.returncode == 0, done.stdout
    assert f"Python   3.12.0   {platform.python_version()}" in done.stdout
    assert changed(service) == [".copier-answers.yml", ".python-version"]


def test_uv_moves_with_every_echo(service: Service) -> None:
    running = service.run("uv", "--version").stdout.split()[1]
    workflows = sorted(path.relative_to(service.path).as_posix() for path in service.path.glob(".github/workflows/*.yml"))
    for file, old in (("Dockerfile", "uv:"), ("uv.toml", '">='), *((workflow, "uv==") for workflow in workflows)):
        service.edit(file, f"{old}{running}", f"{old}0.13.1")
    service.edit("pyproject.toml", f"uv_build>={running}", "uv_build>=0.13.1")
    git(service.path, "commit", "--quiet", "--all", "--message", "Lag behind")

    done = service.lockstep("upgrade", "--keep", "--uv", running)

    assert done.returncode == 0, done.stdout
    assert f"uv       0.13.1   {running}" in done.stdout
    assert changed(service) == [*workflows, "Dockerfile", "uv.toml"]


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("-P", "nowhere"), "nowhere is not locked, so it cannot be moved.", 1),
        (("--python", "3.13"), "Python 3.13 is not an exact version.", 1),
        (("--python", "3.10.4"), "This Python is not one that the service is locked for.", 1),
        (("--python", "3.12.99"), "That Python is not to be had here, so nothing was moved.", 2),
        (("--uv", "0.14.99"), "so nothing was moved.", 1),
    ],
)
def test_what_cannot_be_moved_leaves_every_file_as_it_was(service: Service, words: tuple[str, str], said: str, code: int) -> None:
    done = service.lockstep("upgrade", *words)

    assert done.returncode == code, done.stdout
    assert said in done.stdout
    assert changed(service) == []


def test_an_index_that_is_away_leaves_every_file_as_it_was(service: Service, index: Index) -> None:
    service.edit("uv.toml", index.address, "http://127.0.0.1:1")
    git(service.path, "commit", "--quiet", "--all", "--message", "Lose the index")

    done = service.lockstep("upgrade", "--python", "3.12.0")

    assert done.returncode == 2, done.stdout
    assert "so nothing was moved." in done.stdout
    assert changed(service) == []
