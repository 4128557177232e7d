"""`lockstep` runs one command and imports what it needs; a mistake is an error in three parts, never a traceback."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from lockstep_serve.errors import DIFFERENT, SAME
from lockstep_tool import commands
from lockstep_tool.__main__ import command_names, main
from small_service import SmallService

LIGHT = ("lock", "pins", "explain", "relock")
HEAVY = {"rich", "asyncio", "ssl", "http.client", "copier", "locust", "matplotlib", "psutil", "yaml"}


@pytest.fixture(autouse=True)
def _in_a_service(good: SmallService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(good.root)


def test_every_command_is_listed_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == SAME

    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert [line.split()[0] for line in lines] == command_names()
    assert all(len(line.split()) > 3 and line.endswith(".") for line in lines)


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == SAME
    assert capsys.readouterr().out.startswith("lockstep 1.")


@pytest.mark.parametrize("name", [name for name in command_names() if name not in {"bench", "update", "detach"}])
def test_every_command_can_be_run(name: str) -> None:
    assert callable(import_module(f"{commands.__name__}.{name.replace('-', '_')}").run)


@pytest.mark.parametrize("words", [["moon"], ["pins", "--moon"], ["upgrade", "--uv"], ["publish"], ["bench", "--moon"]])
def test_words_that_nobody_knows_are_wrong_and_not_unseen(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """argparse ends with 2, which says that something could not be looked at."""
    assert main(words) == DIFFERENT

    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert said.err


def test_a_command_says_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pins", "--help"]) == SAME
    assert "usage: lockstep pins" in capsys.readouterr().out


def test_a_directory_that_is_no_service_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["pins"]) == DIFFERENT
    assert main(["relock"]) == DIFFERENT

    said = capsys.readouterr().err
    assert "Dockerfile cannot be read." in said
    assert "uv.lock is not there." in said


def test_a_library_that_is_not_installed_is_named_with_the_session_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plots.py").write_text('"""Draw."""\n\nimport a_library_that_nobody_has\n')
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])

    assert main(["plots"]) == DIFFERENT

    assert capsys.readouterr().err.split("\n\n") == [
        "`lockstep plots` needs a library that is not installed here.",
        "  lockstep plots   imports a_library_that_nobody_has   <- not installed",
        "Run `uv run noxfile.py -s plots`, which installs it.\n",
    ]


@pytest.mark.parametrize("name", LIGHT)
def test_a_command_imports_nothing_that_others_need(name: str) -> None:
    code = (
        "import sys\nfrom lockstep_tool.__main__ import load_command\n"
        f"load_command({name!r})\nprint(*(set(sys.modules) & {HEAVY!r}))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    allowed = {"explain": {"rich", "asyncio", "ssl", "http.client"}}.get(name, set())
    assert set(done.stdout.split()) <= allowed


def test_the_verdict_on_a_service_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lock"]) == SAME
    assert main(["pins"]) == SAME

    said = capsys.readouterr()
    assert "uv.lock is fresh and honest" in said.out
    assert "images are pinned by tag" in said.out
    assert said.err == ""


def test_what_is_wrong_ends_with_one_and_what_could_not_be_seen_with_two(
    service: SmallService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(service.root)
    service.write("uv.toml", service.read("uv.toml").replace('required-version = ">=', 'required-version = "<0.1,>='))

    assert main(["lock"]) == 2
    assert "The lock cannot be judged with what this machine has." in capsys.readouterr().err

    service.edit("uv.lock", "https://", "http://")
    assert main(["lock"]) == 1


def test_a_check_is_explained_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "lock", "fresh"]) == SAME
    assert capsys.readouterr().out.startswith("lock fresh: judged by `uv run noxfile.py -s lock`")

    assert main(["explain"]) == SAME
    assert "\n  lock fresh " in capsys.readouterr().out


CTRL_C = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
TWICE = f"""
import sys, time
from lockstep_tool import __main__ as program

def run(words, root):
    try:
        exec({CTRL_C!r})
        time.sleep(60)
    finally:
        exec({CTRL_C!r})
        print("cleaned up")

program.run_command = run
code = program.main()
exec({CTRL_C!r})
sys.exit(code)
"""
BEFORE = f"""
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
{CTRL_C}
from lockstep_tool.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("program", "said"),
    [
        pytest.param(TWICE, "cleaned up\n", id="while it works, cleans up and ends"),
        pytest.param(BEFORE, "", id="while it starts"),
    ],
)
def test_ctrl_c_ends_it_without_a_traceback(program: str, said: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (130, said, "")


SERVING = """
import sys
from pathlib import Path
from lockstep_tool import __main__ as program
from tiny_service import write_tiny_service

def run(words, root):
    with write_tiny_service(Path(words[0]), "uvicorn").serving() as server:
        print(server.process.pid, flush=True)
        sys.stdin.readline()
    return 0

program.run_command = run
sys.exit(program.main())
"""


def start_serving(root: Path, *, before: Callable[[], object] | None = None) -> tuple[subprocess.Popen[str], int]:
    """A command with a server until it is told to end by its input, and the server's process group."""
    paths = os.pathsep.join([str(root / "src"), str(Path(__file__).parents[1])])
    process = subprocess.Popen(
        [sys.executable, "-c", SERVING, str(root)],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=lambda number: number.name)
def test_what_ends_it_leaves_no_server(tmp_path: Path, number: signal.Signals) -> None:
    """A server has a session of its own: what a closed terminal sends does not reach it."""
    process, server = start_serving(tmp_path)
    with process:
        process.send_signal(number)
        process.wait()

    assert process.returncode == 130
    assert not lives(server)


def test_a_terminal_that_is_closed_does_not_end_what_runs_under_nohup(tmp_path: Path) -> None:
    process, server = start_serving(tmp_path, before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    with process:
        process.send_signal(signal.SIGHUP)
        process.communicate("end\n")

    assert process.returncode == 0
    assert not lives(server)
