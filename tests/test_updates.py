"""`copier update` takes a service to a newer template: what is Lockstep's changes, what is the team's stays."""

import filecmp
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

from conftest import committed
from forked import run_copier
from history import NEW, OLD, SEED, append, command, replace
from services import Service
from snapshot import Template, git

ANSWERS = {"project_name": "orders-api"}


@pytest.fixture(scope="module")
def born(history: Template, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service of v0.1.0, committed."""
    return copied(history, tmp_path_factory.mktemp("born") / "service", "v0.1.0")


@pytest.fixture
def service(born: Service, tmp_path: Path) -> Service:
    """A copy, to be changed."""
    return Service(shutil.copytree(born.path, tmp_path / "service", symlinks=True), {})


def copied(history: Template, folder: Path, tag: str) -> Service:
    done = history.copy(folder, ANSWERS, tag=tag)
    assert done.returncode == 0, done.stderr
    return committed(folder)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def differing(one: Path, other: Path) -> list[str]:
    """Paths that are not the same in both folders, git's own left out."""
    names = sorted({path.relative_to(root).as_posix() for root in (one, other) for path in root.rglob("*") if path.is_file()})
    names = [name for name in names if not name.startswith(".git/")]
    _, different, missing = filecmp.cmpfiles(one, other, names, shallow=False)
    return sorted([*different, *missing])


def answers(folder: Path) -> Mapping[str, object]:
    found: Mapping[str, object] = yaml.safe_load((folder / ".copier-answers.yml").read_text())
    return found


def wheels(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / ".lockstep").glob("*.whl"))


@pytest.mark.usefixtures("offline")
def test_an_untouched_service_becomes_what_a_new_one_is(history: Template, service: Service, tmp_path: Path) -> None:
    """With neither a network nor trust."""
    before = wheels(service.path)
    done = history.update(service.path, offline=True)
    fresh = copied(history, tmp_path / "fresh", "v0.2.0")

    assert done.returncode == 0, done.stderr
    # What a new service is given to begin with is not brought later.
    assert differing(service.path, fresh.path) == [SEED]
    assert answers(service.path)["_commit"] == "v0.2.0"
    assert (service.path / NEW).exists()
    assert not (service.path / OLD).exists()
    assert not set(before) & set(wheels(service.path))
    assert wheels(service.path) == wheels(fresh.path)


def test_a_lived_in_service_keeps_what_its_team_did(history: Template, service: Service) -> None:
    package = service.path / "src" / "orders_api"
    (package / "invoices.py").write_text('"""Ours."""\n')
    replace(package / "__init__.py", '"""', '"""Ours: ')
    (package / "hello.py").unlink()
    (service.path / "tests" / "test_hello.py").unlink()
    (service.path / "README.md").write_text("# Ours\n")
    replace(service.path / "pyproject.toml", 'version = "0.1.0"', 'version = "1.4.0"')
    replace(service.path / "pyproject.toml", 'description = "A web service."', 'description = "Ours."')
    append(service.path / "pyproject.toml", "\n[tool.coverage.run]\nbranch = true\n")
    append(service.path / ".gitignore", "*.sqlite\n")
    commit(service.path, "Live in it")
    done = history.update(service.path)

    assert done.returncode == 0, done.stderr
    assert not git(service.path, "ls-files", "--unmerged")
    assert not git(service.path, "status", "--porcelain", "--", "src/orders_api", "tests", "README.md", ".gitignore")
    project = (service.path / "pyproject.toml").read_text()
    for said in ('version = "1.4.0"', 'description = "Ours."', "[tool.coverage.run]", "xfail_strict = true"):
        assert said in project


def test_a_dependency_of_the_team_is_kept_and_relock_repairs_the_lock(history: Template, service: Service) -> None:
    command(service.path, "uv", "add", "--no-sync", "six", "wcwidth")
    commit(service.path, "Add six and wcwidth")
    done = history.update(service.path)
    assert done.returncode == 0, done.stderr
    assert git(service.path, "ls-files", "--unmerged"), "there is no conflict to repair"
    relocked = service.lockstep("relock")

    assert relocked.returncode == 0, relocked.stdout
    packages = tomllib.loads((service.path / "uv.lock").read_text())["package"]
    versions = {package["name"]: package["version"] for package in packages}
    assert {"six", "wcwidth"} <= set(versions)
    assert versions["pluggy"] != "1.6.0"
    assert {"six", "wcwidth"} <= {edge["name"] for edge in packages[list(versions).index("orders-api")]["dependencies"]}
    project = (service.path / "pyproject.toml").read_text()
    assert '"six>=' in project
    assert '"uvicorn[standard]>=0.54"' in project
    command(service.path, "uv", "lock", "--check", "--offline")


@pytest.mark.parametrize(
    ("python", "words", "said"),
    [
        ("", ("--data=server=gunicorn-gthread",), "The server does not fit the framework."),
        ("3.10.13", (), "Lockstep does not support this Python."),
    ],
    ids=["an answer that is given", "an answer that is remembered"],
)
def test_an_answer_that_does_not_hold_is_refused_and_changes_nothing(
    python: str, words: tuple[str, ...], said: str, history: Template, service: Service
) -> None:
    if python:
        replace(service.path / ".copier-answers.yml", f"python: {answers(service.path)['python']}", f"python: {python}")
        commit(service.path, "Remember a Python that today's template does not support")
    done = history.update(service.path, *words)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not git(service.path, "status", "--porcelain")


def test_a_relative_address_is_remembered_so_that_an_update_finds_it(template: Template, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", f"--data=python={platform.python_version()}"]
    subprocess.run([*command, ".", str(tmp_path / "service")], cwd=template.path, check=True, capture_output=True)

    assert answers(tmp_path / "service")["_src_path"] == str(template.path)


@pytest.mark.parametrize(
    ("given", "remembered"),
    [
        ("gh:acme/lockstep", "https://github.com/acme/lockstep.git"),
        ("gl:acme/group/lockstep.git", "https://gitlab.com/acme/group/lockstep.git"),
        ("https://git.example.org/lockstep.git", "https://git.example.org/lockstep.git"),
        ("git@git.example.org:acme/lockstep.git", "git@git.example.org:acme/lockstep.git"),
    ],
)
def test_an_address_is_remembered_as_other_programs_read_it(
    given: str, remembered: str, template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked: git finds the template's folder behind the address."""
    instead = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{template.path}.insteadOf", "GIT_CONFIG_VALUE_0": remembered}
    for name, value in {**instead, "COPIER_CACHE_DIR": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    done = run_copier(["copy", "--quiet", "--defaults", given, str(tmp_path / "service")])

    assert done.returncode == 0, done.stderr
    assert answers(tmp_path / "service")["_src_path"] == remembered


def test_renovate_reads_the_answers_and_its_command_updates_without_trust(history: Template, service: Service) -> None:
    """What its copier manager takes (renovatebot/renovate, lib/modules/manager/copier): schema.ts, extract.ts, artifacts.ts."""
    said = answers(service.path)
    assert isinstance(said["_commit"], str)
    assert not Version(said["_commit"]).is_prerelease
    append(service.path / ".copier-answers.yml", "\n#copier updated")
    commit(service.path, "As its update step leaves it")
    command = ["--skip-answered", "--answers-file", ".copier-answers.yml", "--vcs-ref", "v0.2.0"]
    done = history.update(service.path, *command)

    assert done.returncode == 0, done.stderr
    assert answers(service.path)["_commit"] == "v0.2.0"
