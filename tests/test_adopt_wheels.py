"""A package that was published as source only gets a wheel, once, from exactly what the lock names."""

import hashlib
import platform
import subprocess
from pathlib import Path

import pytest

from adopting import remembered
from adopting.building import build, build_neighbours, build_or_move, take_wheels
from adopting.existing import Choices, read_existing
from adopting.locking import Locked, compare_versions, seed_lock
from existing_services import existing, read
from lockstep_tool.lockfile import read_lock
from snapshot import git
from stand_in_index import stand_in_index

PROJECT = '[project]\nname = "calendar-of-ours"\nversion = "1.0"\n\n'
PROJECT += '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'
FILES = {"pyproject.toml": PROJECT, "src/calendar_of_ours/__init__.py": ""}


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where built wheels are remembered, instead of the user's own folder."""
    monkeypatch.setattr(
        remembered, "folder_of", lambda source, python: tmp_path / "kept" / f"{source}-{python}".replace("/", "-")
    )
    return tmp_path / "kept"


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


def test_it_is_built_once_for_a_report_and_what_follows(sdist: Path, tmp_path: Path, kept: Path) -> None:
    locked = {"url": sdist.as_uri(), "hash": f"sha256:{hashlib.sha256(sdist.read_bytes()).hexdigest()}"}
    package = {"name": "calendar-of-ours", "version": "1.0", "source": {"registry": ""}, "sdist": locked}
    first = build(package, tmp_path, platform.python_version())
    sdist.unlink()

    assert build(package, tmp_path, platform.python_version()) == first
    assert [path.name for path in kept.rglob("*.whl*")] == [first.file]


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


@pytest.mark.parametrize("asked", ["wide", "tiny==1.0"], ids=["another_version_is_allowed", "none_other_is_allowed"])
def test_a_version_that_cannot_be_built_moves_where_another_is_allowed_and_is_said(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    poetry = "".join(f'[[package]]\nname = "{name}"\nversion = "1.0"\n\n' for name in ("tiny", "wide"))
    rendered = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n'
    tree, locked = tmp_path / "tree", Locked()
    tree.mkdir()
    with stand_in_index() as index:
        index.publish_source("tiny", "1.0")
        index.publish("tiny", "2.0")
        index.publish("wide", "1.0", "tiny")
        found = read(tmp_path / "service", {"poetry.lock": poetry}, index=f"{index.address}/simple")
        project = f'[project]\nname = "orders"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["{asked}"]\n'
        (tree / "pyproject.toml").write_text(project)
        (tree / "uv.toml").write_text(f'no-build = true\n\n[[index]]\nurl = "{index.address}/simple"\ndefault = true\n')
        (tree / "uv.lock").write_text(seed_lock(rendered, found))

        built = build_or_move(tree, found, rendered)

        compare_versions(read_lock(tree / "uv.lock", "uv.lock"), found, locked)

    if asked == "wide":
        assert built == []
        assert locked.moved == [("tiny", "1.0", "2.0", "poetry.lock")]
        assert locked.kept == ["wide 1.0"]
    else:
        assert [(one.name, one.version, bool(one.said)) for one in built] == [("tiny", "1.0", True)]
    assert found.unbuilt == {"tiny"}


def test_members_of_a_workspace_and_directories_are_built_once(tmp_path: Path) -> None:
    asks = 'dependencies = ["fastapi", "calendar-of-ours", "beside"]\n\n[tool.uv.sources]\n'
    asks += 'calendar-of-ours = { workspace = true }\nbeside = { path = "../beside" }\n'
    used = PROJECT.replace("[build", 'dependencies = ["deeper"]\n\n[tool.uv.sources]\ndeeper = { workspace = true }\n\n[build')
    files = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["parts/*"]\nexclude = ["orders"]\n',
        "orders/pyproject.toml": f'[project]\nname = "orders"\nversion = "1"\nrequires-python = ">=3.11"\n{asks}',
        "orders/orders/__init__.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        "parts/one/pyproject.toml": used.replace('version = "1.0"\n\n', 'version = "1.0"\n'),
        "parts/one/src/calendar_of_ours/__init__.py": "",
        "parts/two/pyproject.toml": PROJECT.replace("calendar-of-ours", "deeper"),
        "parts/two/src/deeper/__init__.py": "",
        "beside/pyproject.toml": PROJECT.replace("calendar-of-ours", "beside"),
        "beside/src/beside/__init__.py": "",
    }
    found = read_existing(existing(tmp_path / "larger", files).path / "orders", Choices(python="3.11.7"))

    built = build_neighbours(found)
    take_wheels(found, built)

    assert {one.name: one.said for one in built} == {"calendar-of-ours": "", "deeper": "", "beside": ""}
    assert found.requirements.sources["deeper"] == {"path": "packages/deeper-1.0-py3-none-any.whl"}
    assert "deeper==1.0" in found.requirements.all
    assert found.obstacles == []
    assert any("built once from ../parts/one" in one for one in found.know)


def test_a_directory_that_git_does_not_know_is_named(tmp_path: Path) -> None:
    asks = 'dependencies = ["fastapi", "beside"]\n\n[tool.uv.sources]\nbeside = { path = "../beside" }\n'
    (tmp_path / "beside").mkdir()
    project = f'[project]\nname = "orders"\nversion = "1"\nrequires-python = ">=3.11"\n{asks}'
    found = read(tmp_path / "orders", {"pyproject.toml": project, "app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"})

    [built] = build_neighbours(found)

    assert "not a git repository" in built.said
