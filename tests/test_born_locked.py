"""A service is born locked: without a network, the same for the same answers, and as uv would have written it."""

import filecmp
import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from conftest import Render
from services import Service
from snapshot import WORKSHOP, Template


def uv(folder: Path, *words: str, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run uv there; with a cache of its own it knows nothing of what this machine has seen before."""
    settings = {"UV_CACHE_DIR": str(cache)} if cache else {}
    return subprocess.run(["uv", *words], cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True, check=False)


def test_the_lock_answers_the_project_without_a_network_or_a_cache(rendered: Path, tmp_path: Path) -> None:
    done = uv(rendered, "lock", "--check", "--offline", cache=tmp_path)

    assert done.returncode == 0, done.stderr


def test_uv_writes_the_same_bytes(rendered: Path, tmp_path: Path) -> None:
    """`uv lock` alone leaves a lock that answers; adding and removing a package makes uv write it anew."""
    folder = Service(rendered, {}).copy(tmp_path / "service").path
    born = {name: (folder / name).read_bytes() for name in ("uv.lock", "pyproject.toml")}
    for words in (["lock"], ["add", "--no-sync", "six"], ["remove", "--no-sync", "six"]):
        done = uv(folder, *words)
        assert done.returncode == 0, done.stderr
        assert ("six" in (folder / "uv.lock").read_text()) is ("add" in words)

    assert {name: (folder / name).read_bytes() for name in born} == born


def test_the_same_answers_give_the_same_bytes(rendered: Path, answers: dict[str, object], render: Render) -> None:
    again = render(answers)
    names = [str(path.relative_to(rendered)) for path in rendered.rglob("*") if path.is_file()]
    same, different, missing = filecmp.cmpfiles(rendered, again, names, shallow=False)

    assert (sorted(same), different, missing) == (sorted(names), [], [])
    assert len(names) == sum(path.is_file() for path in again.rglob("*"))


@pytest.mark.usefixtures("offline")
def test_a_copy_needs_neither_a_network_nor_trust(template: Template, tmp_path: Path) -> None:
    done = template.copy(tmp_path / "service", {}, offline=True)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "service" / "uv.lock").is_file()


def test_the_names_of_all_locked_packages_are_taken(rendered: Path) -> None:
    taken = set((WORKSHOP / "locks" / "taken-names.txt").read_text().split())
    packages = tomllib.loads((rendered / "uv.lock").read_text())["package"]
    locked = {package["name"].replace("-", "_") for package in packages if "registry" in package["source"]}

    assert locked <= taken


def test_a_service_locks_only_what_its_answers_need(rendered: Path, answers: dict[str, object]) -> None:
    names = {package["name"] for package in tomllib.loads((rendered / "uv.lock").read_text())["package"]}

    server = str(answers["server"])

    assert names & {"fastapi", "flask", "django"} == {answers["framework"]}
    assert names & {"uvicorn", "gunicorn", "gevent"} == {part for part in ("uvicorn", "gunicorn", "gevent") if part in server}


def test_what_is_generated_from_the_universe_is_up_to_date() -> None:
    done = uv(WORKSHOP, "run", "--locked", "--quiet", "--script", "locks/generate.py", "--check")

    assert done.returncode == 0, done.stdout + done.stderr
