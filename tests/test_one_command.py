"""The one command on a laptop and in CI: what it says, what it leaves out, and what makes it fail."""

import json
import platform
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from conftest import Render
from one_command import LAPTOP, SESSIONS, WITH_IMAGE, WITHOUT_IMAGE, Ran
from services import Service


def test_on_a_laptop_without_an_engine_it_says_what_was_not_looked_at(ran: Callable[[str], Ran]) -> None:
    done = ran(LAPTOP)

    assert done.code == 0, done.printed
    for session in (*WITHOUT_IMAGE, "lint"):
        assert f"* {session}: success" in done.printed
    for session in ("image", "parity"):
        assert f"* {session}: skipped (not looked at" in done.printed
    assert "not looked at: no container engine" in done.printed
    assert "0 differences matter" in done.printed


def test_in_ci_what_was_not_looked_at_is_not_green(ran: Callable[[str], Ran]) -> None:
    done = ran(LAPTOP).service.nox("image", CI="true")

    assert done.returncode == 1
    assert "Session image aborted: not looked at" in done.stdout


@pytest.mark.parametrize("combination", WITH_IMAGE)
def test_in_ci_it_compares_this_machine_with_the_image(ran: Callable[[str], Ran], combination: str) -> None:
    done = ran(combination)

    environments = done.environments()
    assert set(environments) == {"declared", "ci", "image"}
    assert len(set(environments.values())) == 1
    assert "the same" in done.summary
    saved = json.loads((done.service.path / ".nox" / "report" / "image.json").read_text())
    assert saved["environment"] == environments["image"]
    assert not [finding for finding in done.report["findings"] if finding["severity"] != "allowed"]


def test_the_menu_reads_like_one(fastapi: Service) -> None:
    """At 80 columns, in groups; each session of Lockstep's is in one."""
    done = fastapi.run("uv", "run", "--quiet", "--locked", "noxfile.py", "-l")

    groups = dict(group.split(":\n", 1) for group in done.stdout.strip().split("\n\n")[2:])
    by_default, *_ = groups.values()
    offered = [line.split(maxsplit=1) for group in groups.values() for line in group.splitlines()]
    assert [line.split()[0] for line in by_default.splitlines()] == list(SESSIONS)
    assert all(said.endswith(".") and said[0].isupper() for _, said in offered)
    assert max(map(len, done.stdout.splitlines())) < 80
    assert not [title for title in groups if title.startswith("Yours")]


def test_a_session_that_there_is_not_is_told_with_those_there_are(fastapi: Service) -> None:
    done = fastapi.run("uv", "run", "--quiet", "--locked", "noxfile.py", "-s", "lock", "tets", "--", "words")

    wrong, there, remedy = done.stdout.strip().split("\n\n")
    assert done.returncode == 1
    assert wrong == "There is no session tets."
    assert " ".join(there.split()).startswith(f"there {', '.join(SESSIONS)}, dev")
    assert max(map(len, there.splitlines())) < 80
    assert "-l" in remedy


@pytest.mark.parametrize(("alias", "means"), [("test", ["tests"]), ("fmt", ["lint"]), ("check", SESSIONS)])
def test_words_that_people_type_are_known(fastapi: Service, tmp_path: Path, alias: str, means: Sequence[str]) -> None:
    """With a tool that only says what it is asked."""
    service = fastapi.copy(tmp_path / "service")
    menu = service.path / "noxfile.py"
    menu.write_text(menu.read_text().replace("    command = [program(session, extra), ", '    command = ["echo", "does", '))
    done = service.run("uv", "run", "--quiet", "--locked", "noxfile.py", "-s", alias)

    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("does ")] == list(means)


def test_plain_nox_works_too(fastapi: Service) -> None:
    done = fastapi.run("uvx", "--quiet", "--from", "nox==2026.10.20", "nox", "-s", "pins", "lock")

    assert done.returncode == 0, done.stdout


def test_a_session_of_the_team_is_in_the_menu(fastapi: Service, tmp_path: Path) -> None:
    service = fastapi.copy(tmp_path / "service")
    (service.path / "nox_local.py").write_text(
        'import nox\n\n\n@nox.session(default=False)\ndef greet(session: nox.Session) -> None:\n    """Say hello."""\n'
    )

    done = service.run("uv", "run", "--quiet", "noxfile.py", "-l")

    assert "Yours, from nox_local.py:\n  greet        Say hello.\n" in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('nox.options.sessions = ["lint"]\n', id="other defaults"),
        pytest.param("@nox.session\ndef pins(session: nox.Session) -> None:\n    pass\n", id="another session of its name"),
    ],
)
def test_ci_runs_nothing_where_the_team_takes_a_session_away(fastapi: Service, tmp_path: Path, text: str) -> None:
    service = fastapi.copy(tmp_path / "service")
    (service.path / "nox_local.py").write_text(f"import nox\n\n{text}")
    listed = ("uv", "run", "--quiet", "--locked", "noxfile.py", "-l")

    assert service.run(*listed, CI="").returncode == 0
    refused = service.run(*listed, CI="true")
    assert refused.returncode == 1
    assert "CI would not run the whole of the one command." in refused.stdout


def test_ci_runs_nothing_where_a_variable_chooses_a_session(fastapi: Service) -> None:
    """nox reads it in the place of `-s`."""
    listed = ("uv", "run", "--quiet", "--locked", "noxfile.py", "-l")

    assert fastapi.run(*listed, CI="", NOXSESSION="lint").returncode == 0
    assert fastapi.run(*listed, CI="true", NOXSESSION="").returncode == 0
    refused = fastapi.run(*listed, CI="true", NOXSESSION="lint")
    assert refused.returncode == 1
    assert "CI would not run the whole of the one command." in refused.stdout
    assert "NOXSESSION   lint   <- chooses what runs" in refused.stdout


def test_a_file_beside_the_menu_takes_the_place_of_no_library(fastapi: Service, tmp_path: Path) -> None:
    service = fastapi.copy(tmp_path / "service")
    for name in ("nox", "tomllib", "runpy"):
        (service.path / f"{name}.py").write_text("raise SystemExit(0)\n")

    assert "\n  prove " in service.run("uv", "run", "--quiet", "--locked", "noxfile.py", "-l").stdout


@pytest.fixture(scope="module")
def checked(fastapi: Service, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A copy whose environments are made once."""
    return fastapi.copy(tmp_path_factory.mktemp("checked") / "service")


def test_style_leaves_nothing_in_the_directory_of_the_tool(checked: Service) -> None:
    """ruff keeps a cache beside each file of settings, and `lock` names what nothing explains."""
    before = {path.name for path in (checked.path / ".lockstep").iterdir()}
    done = checked.nox("lint")

    assert done.returncode == 0, done.stdout
    assert {path.name for path in (checked.path / ".lockstep").iterdir()} == before


@pytest.mark.parametrize(
    ("session", "file", "code"),
    [
        pytest.param("lint", "app.py", "import os,sys", id="lint"),
        pytest.param("types", "app.py", "wrong: int = 'word'", id="types"),
        pytest.param("tests", "health.py", "def draining() -> bool:\n    return True", id="tests"),
    ],
)
def test_a_fault_in_the_code_fails_its_session(checked: Service, session: str, file: str, code: str) -> None:
    path = checked.package() / file
    before = path.read_text()
    path.write_text(f"{before}\n\n{code}\n")
    try:
        done = checked.nox(session)
    finally:
        path.write_text(before)

    assert done.returncode == 1
    assert f"Session {session} aborted: failed" in done.stdout


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


def test_a_service_whose_python_is_not_there_takes_one_that_is(render: Render, tmp_path: Path) -> None:
    """By the command that `copier copy` ends with."""
    service = Service(render({"project_name": "orders-api", "python": "3.14.9", "deploy": []}), {}).copy(tmp_path / "service")
    here = platform.python_version()
    (service.path / ".python-version").write_text(f"{here}\n")
    words = ("noxfile.py", "-s", "pins", "--", "--fix")
    done = service.run("uv", "run", "--quiet", "--locked", *words, UV_PYTHON_DOWNLOADS="never")

    assert done.returncode == 0, done.stdout
    assert f"python: {here}\n" in (service.path / ".copier-answers.yml").read_text()


def test_a_python_that_is_not_there_and_cannot_be_fetched_is_named(fastapi: Service, tmp_path: Path) -> None:
    service = fastapi.copy(tmp_path / "service")
    (service.path / ".python-version").write_text("3.14.9\n")
    done = service.lockstep("parity", UV_PYTHON_DOWNLOADS="never", LOCKSTEP_ENGINE="no-such-engine")

    assert done.returncode == 2, done.stdout
    assert "Python 3.14.9 is not on this machine" in done.stdout
    assert "uv python install" in done.stdout
    assert not (service.path / ".nox" / "production").exists()
