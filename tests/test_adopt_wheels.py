"""A package that was published as source only gets a wheel, once, from exactly what the lock names."""

import hashlib
import platform
import subprocess
from pathlib import Path

import pytest

from adopting.building import build, take_wheels
from existing_services import existing, read
from snapshot import git

PROJECT = '[project]\nname = "calendar-of-ours"\nversion = "1.0"\n\n'
PROJECT += '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'
FILES = {"pyproject.toml": PROJECT, "src/calendar_of_ours/__init__.py": ""}


@pytest.fixture
def sdist(tmp_path: Path) -> Path:
    project = existing(tmp_path / "project", FILES)
    done = project.run("uv", "build", "--sdist", "--out-dir", str(tmp_path))
    assert done.returncode == 0, done.stdout
    return next(tmp_path.glob("*.tar.gz"))


def test_it_is_built_from_the_sdist_that_is_locked(sdist: Path, tmp_path: Path) -> None:
    locked = {"url": sdist.as_uri(), "hash": f"sha256:{hashlib.sha256(sdist.read_bytes()).hexdigest()}"}
    package = {"name": "calendar-of-ours", "version": "1.0", "source": {"registry": ""}, "sdist": locked}
    found = read(tmp_path / "service", {"requirements.txt": "fastapi\n"})

    built = build(package, tmp_path, platform.python_version())
    take_wheels(found, [built])

    assert (built.file, built.said) == ("calendar_of_ours-1.0-py3-none-any.whl", "")
    assert built.content.startswith(b"PK")
    assert found.requirements.sources == {"calendar-of-ours": {"path": "packages/calendar_of_ours-1.0-py3-none-any.whl"}}
    assert "calendar-of-ours==1.0" in found.requirements.all
    assert any("built once from" in one for one in found.know)


def test_another_file_than_the_locked_one_is_not_built(sdist: Path, tmp_path: Path) -> None:
    locked = {"url": sdist.as_uri(), "hash": "sha256:00"}
    package = {"name": "calendar-of-ours", "version": "1.0", "source": {"registry": ""}, "sdist": locked}

    built = build(package, tmp_path, platform.python_version())

    assert "it has another hash than the lock" in built.said
    assert built.content == b""


def test_it_is_built_from_the_commit_that_is_locked(tmp_path: Path) -> None:
    repository = existing(tmp_path / "repository", FILES).path
    commit = git(repository, "rev-parse", "HEAD").strip()
    (repository / "src" / "calendar_of_ours" / "later.py").write_text("")
    subprocess.run(["git", "-C", str(repository), "add", "--all"], check=True)
    git(repository, "commit", "--quiet", "--message", "Later")
    package = {"name": "calendar-of-ours", "version": "1.0", "source": {"git": f"{repository.as_uri()}?rev=main#{commit}"}}

    built = build(package, tmp_path, platform.python_version())

    assert built.file == "calendar_of_ours-1.0-py3-none-any.whl"
    assert b"later.py" not in built.content
