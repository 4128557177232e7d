"""A service is born locked: without a network, the same for the same answers, and as uv would have written it."""

import filecmp
import os
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import read_answers
from services import Service
from snapshot import REPOSITORY, Template, git


def uv(folder: Path, *words: str, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run uv there; with a cache of its own it knows nothing of what this machine has seen before."""
    settings = {"UV_CACHE_DIR": str(cache)} if cache else {}
    return subprocess.run(["uv", *words], cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True, check=False)


def test_the_lock_answers_the_project_without_a_network_or_a_cache(every_service: Mapping[str, Path], tmp_path: Path) -> None:
    for name, folder in every_service.items():
        done = uv(folder, "lock", "--check", "--offline", cache=tmp_path)

        assert done.returncode == 0, f"{name}: {done.stderr}"


@pytest.mark.parametrize("name", ["fastapi-gunicorn-uvicorn-metrics", "flask-gunicorn-gevent", "django-gunicorn-asgi"])
def test_uv_writes_the_same_bytes(name: str, every_service: Mapping[str, Path], tmp_path: Path) -> None:
    """`uv lock` alone leaves a lock that answers; adding and removing a package makes uv write it anew."""
    folder = Service(every_service[name], {}).copy(tmp_path / "service").path
    born = {name: (folder / name).read_bytes() for name in ("uv.lock", "pyproject.toml")}
    for words in (["lock"], ["add", "--no-sync", "six"], ["remove", "--no-sync", "six"]):
        done = uv(folder, *words)
        assert done.returncode == 0, done.stderr
        assert ("six" in (folder / "uv.lock").read_text()) is ("add" in words)

    assert {name: (folder / name).read_bytes() for name in born} == born


def test_the_same_answers_give_the_same_bytes(every_service: Mapping[str, Path], template: Template, tmp_path: Path) -> None:
    first, answers = every_service["django-gunicorn-asgi"], read_answers("django-gunicorn-asgi")
    assert template.copy(tmp_path / "service", answers).returncode == 0
    names = git(first, "ls-files").splitlines()
    same, different, missing = filecmp.cmpfiles(first, tmp_path / "service", names, shallow=False)

    assert (sorted(same), different, missing) == (sorted(names), [], [])
    assert len(names) == sum(path.is_file() for path in (tmp_path / "service").rglob("*"))


@pytest.mark.usefixtures("offline")
def test_a_copy_needs_neither_a_network_nor_trust(template: Template, tmp_path: Path) -> None:
    done = template.copy(tmp_path / "service", {}, offline=True)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "service" / "uv.lock").is_file()


def test_the_names_of_all_locked_packages_are_taken(every_service: Mapping[str, Path]) -> None:
    taken = set((REPOSITORY / "locks" / "taken-names.txt").read_text().split())
    for folder in every_service.values():
        packages = tomllib.loads((folder / "uv.lock").read_text())["package"]

        assert {package["name"].replace("-", "_") for package in packages if "editable" not in package["source"]} <= taken


def test_a_service_locks_only_what_its_answers_need(every_service: Mapping[str, Path]) -> None:
    for name, folder in every_service.items():
        names = {package["name"] for package in tomllib.loads((folder / "uv.lock").read_text())["package"]}
        answers = read_answers(name)
        server = str(answers["server"])

        assert names & {"fastapi", "flask", "django"} == {answers["framework"]}
        assert names & {"uvicorn", "gunicorn", "gevent"} == {part for part in ("uvicorn", "gunicorn", "gevent") if part in server}
