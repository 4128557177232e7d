"""`lint`, `types`, `tests`, `serve` and `dev` run the service's own programs, with its settings and their exit codes."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from lockstep_serve.errors import DIFFERENT, SAME
from lockstep_tool import hermetic, sessions
from lockstep_tool.__main__ import main
from small_service import SmallService

RECORDING = """\
#!{python}
import os, sys
names = ("PYTHONSAFEPATH", "PYTHONUTF8", "ORDERS_API_TOKEN")
given = [name for name in names if os.environ.get(name)]
print("|".join([os.path.basename(sys.argv[0]), *sys.argv[1:]]), *given, file=open({log!r}, "a"))
sys.exit(int(os.environ.get("EXIT_CODE", "0")))
"""


@pytest.fixture
def log(service: SmallService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the programs of `.nox/…` were asked; each is one that writes it down."""
    service.edit("pyproject.toml", "secrets = []", 'secrets = ["ORDERS_API_TOKEN"]')
    monkeypatch.chdir(service.root)
    written = tmp_path / "log"

    def make(_: object, name: str, *arguments: str) -> Path:
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        for program in ("python", "ruff"):
            (directory / program).write_text(RECORDING.format(python=sys.executable, log=str(written)))
            (directory / program).chmod(stat.S_IRWXU)
        with written.open("a") as file:
            print("sync", name, *arguments, file=file)
        return directory / "python"

    monkeypatch.setattr(sessions, "write_for_people", lambda _: None)  # it would take this process's own output
    monkeypatch.setattr(sessions, "sync", make)
    monkeypatch.setattr(sessions, "production", lambda root: make(root, "production", "--no-editable"))
    monkeypatch.setattr(os, "execve", lambda _, command, settings: sessions.run_program(command, Path.cwd(), settings))
    return written


CHECKS = "sync checks --no-editable --group dev"
GIVEN = "PYTHONSAFEPATH PYTHONUTF8 ORDERS_API_TOKEN"


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["lint"], [CHECKS, "ruff|check", "ruff|format|--check"]),
        (["lint", "--fix"], [CHECKS, "ruff|check|--fix", "ruff|format"]),
        (["types"], [CHECKS, f"python|-m|mypy {GIVEN}"]),
        (["types", "src"], [CHECKS, f"python|-m|mypy|src {GIVEN}"]),
        (["tests", "-x", "-k", "hello"], [CHECKS, f"python|-m|pytest|-x|-k|hello {GIVEN}"]),
        (["serve"], ["sync production --no-editable", f"python|-m|lockstep_serve|serve {GIVEN}"]),
        (["dev"], ["sync dev", f"python|-m|lockstep_serve|serve|--reload {GIVEN}"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_session_runs_its_program(words: list[str], lines: list[str], log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    main(words)

    assert log.read_text().splitlines() == lines
    said = capfd.readouterr().out
    assert ("not set, so made up here: ORDERS_API_TOKEN" in said) is ("ORDERS_API_TOKEN" in lines[-1])


@pytest.mark.parametrize("name", ["lint", "types", "tests"])
@pytest.mark.parametrize("code", ["1", "2", "5"])
def test_whatever_a_program_returns_is_wrong_and_not_unseen(
    name: str, code: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXIT_CODE", code)

    assert main([name]) == DIFFERENT
    assert log.exists()


def test_a_format_is_not_looked_at_where_the_style_is_wrong(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXIT_CODE", "1")

    main(["lint"])

    assert "format" not in log.read_text()


def test_a_secret_that_is_set_is_not_made_up(
    log: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ORDERS_API_TOKEN", "set")

    assert main(["types"]) == SAME
    assert "made up here" not in capfd.readouterr().out


@pytest.mark.parametrize("name", ["serve", "dev"])
def test_a_server_leaves_no_copy_of_a_person_s_settings(
    name: str, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies: list[Path] = []
    monkeypatch.setattr(os, "execve", lambda *_: copies.extend(tmp_path.glob("lockstep-*")))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    hermetic.copy_settings.cache_clear()
    hermetic.environment()
    assert list(tmp_path.glob("lockstep-*"))

    main([name])

    assert log.exists()
    assert copies == []


PROGRAM = """
import sys
from lockstep_tool import __main__ as program, sessions

sessions.UNHEARD_SECONDS = {seconds}
program.run_command = lambda words, root: sessions.run_program([sys.executable, "-m", "pytest"], root)
sys.exit(program.main())
"""
INTERRUPTED = """
import os, signal, time
from pathlib import Path
import pytest

@pytest.fixture(scope="session", autouse=True)
def stack():
    yield
    time.sleep(1)
    Path("taken-down").touch()

def test_it():
    {act}
    time.sleep(60)
"""


@pytest.mark.parametrize(
    "act",
    [
        "os.killpg(os.getpgrp(), signal.SIGINT)",
        "os.kill(os.getppid(), signal.SIGINT)",
        "os.kill(os.getppid(), signal.SIGTERM)",
    ],
    ids=["Ctrl-C", "SIGINT to the tool alone", "SIGTERM to the tool alone"],
)
def test_fixtures_are_torn_down_where_tests_are_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    (tmp_path / "test_it.py").write_text(INTERRUPTED.format(act=act), encoding="utf-8")
    monkeypatch.setenv("PYTEST_ADDOPTS", "")
    program = PROGRAM.format(seconds=0.5 if "ppid" in act else 30)
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, check=False, start_new_session=True)

    assert (tmp_path / "taken-down").exists()
    assert done.returncode == 130
