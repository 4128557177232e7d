"""The one command, as a laptop and as CI run it, on every service that can be made."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from containers.offered import OfferedInterpreter
from services import Service

PROOFS = ["lock", "pins", "lint", "types", "tests", "prove", "image", "parity"]


@pytest.fixture(params=["fastapi", "flask"])
def good(request: pytest.FixtureRequest) -> Service:
    """Each service as it is born."""
    service: Service = request.getfixturevalue(request.param)
    return service


def test_on_a_laptop_without_an_engine_it_says_what_was_not_looked_at(good: Service, tmp_path: Path) -> None:
    service = good.copy(tmp_path / "service")
    done = service.nox(CI="", LOCKSTEP_ENGINE="no-such-engine")

    assert done.returncode == 0, done.stdout
    for proof in PROOFS[:6]:
        assert f"* {proof}: success" in done.stdout
    for proof in PROOFS[6:]:
        assert f"* {proof}: skipped (not looked at" in done.stdout
    assert "not looked at: no container engine" in done.stdout


def test_in_ci_what_was_not_looked_at_is_not_green(good: Service, tmp_path: Path) -> None:
    service = good.copy(tmp_path / "service")
    done = service.nox("parity", CI="true", LOCKSTEP_ENGINE="no-such-engine")

    assert done.returncode == 1
    assert "Session parity aborted: not looked at" in done.stdout


def test_in_ci_it_compares_this_machine_with_the_image(
    good: Service, tmp_path: Path, build_environment: Mapping[str, str], interpreter: OfferedInterpreter
) -> None:
    service = Service(good.copy(tmp_path / "service").path, {**build_environment, **interpreter.environment})
    summary = tmp_path / "summary.md"
    done = service.nox(CI="true", GITHUB_STEP_SUMMARY=str(summary))

    assert done.returncode == 0, done.stdout
    for proof in PROOFS:
        assert f"* {proof}: success" in done.stdout
    places = {str(place["place"]): place for place in service.report()["places"]}
    assert set(places) == {"promise", "ci", "image"}
    assert len({place["environment"] for place in places.values()}) == 1
    assert "the same" in summary.read_text()
    saved = json.loads((service.path / ".lockstep" / "image.json").read_text())
    assert saved["environment"] == places["image"]["environment"]
    assert not [f for f in service.report()["findings"] if not f["allowed"]]


def test_the_menu_reads_like_one(fastapi: Service) -> None:
    done = fastapi.run("uv", "run", "--quiet", "noxfile.py", "-l")

    offered = [line.split(" -> ") for line in done.stdout.splitlines() if line.startswith(("* ", "- "))]
    assert [name.removeprefix("* ") for name, _ in offered if name.startswith("* ")] == PROOFS
    assert all(said.endswith(".") and said[0].isupper() for _, said in offered)


def test_plain_nox_works_too(fastapi: Service) -> None:
    done = fastapi.run("uvx", "--quiet", "--from", "nox==2026.10.20", "nox", "-s", "pins", "lock")

    assert done.returncode == 0, done.stdout


def test_a_session_of_the_team_is_in_the_menu(fastapi: Service, tmp_path: Path) -> None:
    service = fastapi.copy(tmp_path / "service")
    (service.path / "nox_local.py").write_text(
        'import nox\n\n\n@nox.session(default=False)\ndef greet(session: nox.Session) -> None:\n    """Say hello."""\n'
    )

    assert "- greet -> Say hello." in service.run("uv", "run", "--quiet", "noxfile.py", "-l").stdout


@pytest.mark.parametrize(
    ("session", "file", "code"),
    [
        pytest.param("lint", "app.py", "import os,sys", id="lint"),
        pytest.param("types", "app.py", "wrong: int = 'word'", id="types"),
        pytest.param("tests", "health.py", "def draining() -> bool:\n    return True", id="tests"),
    ],
)
def test_a_fault_in_the_code_fails_its_session(fastapi: Service, tmp_path: Path, session: str, file: str, code: str) -> None:
    service = fastapi.copy(tmp_path / "service")
    path = service.package() / file
    path.write_text(path.read_text() + "\n\n" + code + "\n")
    done = service.nox(session)

    assert done.returncode == 1
    assert f"* {session}: failed" in done.stdout or f"Session {session} failed" in done.stdout


def test_an_engine_that_is_installed_but_stopped_is_named(fastapi: Service, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon.' >&2\nexit 1\n")
    program.chmod(0o755)
    service = fastapi.copy(tmp_path / "service")
    done = service.lockstep("image", LOCKSTEP_ENGINE="docker", PATH=f"{program.parent}:/usr/bin:/bin")

    assert done.returncode == 2, done.stdout
    assert "not looked at: the container engine does not answer" in done.stdout
    assert "Cannot connect to the Docker daemon." in done.stdout
    assert "Start docker, then run this again." in done.stdout


def test_a_python_that_is_not_there_and_cannot_be_fetched_is_named(fastapi: Service, tmp_path: Path) -> None:
    service = fastapi.copy(tmp_path / "service")
    (service.path / ".python-version").write_text("3.14.9\n")
    done = service.lockstep("parity", UV_PYTHON_DOWNLOADS="never", LOCKSTEP_ENGINE="no-such-engine")

    assert done.returncode == 2, done.stdout
    assert "Python 3.14.9 is not on this machine" in done.stdout
    assert "uv python install" in done.stdout
    assert not (service.path / ".nox").exists()
