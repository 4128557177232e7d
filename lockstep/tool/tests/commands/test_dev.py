"""`dev` is for people: lines that read, and settings of a laptop."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lockstep_tool.commands.dev import settings_of_dev
from lockstep_tool.dev_log import readable_line
from lockstep_tool.service import Service
from small_service import SmallService

ACCESS = {
    "timestamp": "2026-01-31T12:00:00.000Z", "level": "INFO", "logger": "access", "message": "GET /hello/Ada 200",
    "method": "GET", "path": "/hello/Ada", "status": 200, "duration_ms": 0.6, "request_id": "5aa2",
}  # fmt: skip
ROOT = Path("/home/ada/orders-api")
TRACEBACK = f"""\
Traceback (most recent call last):
  File "{ROOT}/.nox/dev/lib/python3.13/site-packages/starlette/routing.py", line 20, in app
    await endpoint(request)
    ^^^^^^^^^^^^^^^^^^^^^^^
  File "{ROOT}/src/orders_api/hello.py", line 38, in hello
    return greet(name)
  File "{ROOT}/src/orders_api/greeting.py", line 5, in greet
    raise ValueError(name)
  File "/usr/lib/python3.13/enum.py", line 5, in raises
    raise value
ValueError: Ada
"""


def shown(**members: object) -> str:
    said = {"timestamp": "2026-01-31T12:00:00.000Z", "level": "INFO", "logger": "orders_api", **members}
    return "".join(text for text, _ in readable_line(json.dumps(said), ROOT))


def test_a_request_is_one_line() -> None:
    assert shown(**ACCESS) == "12:00:00 GET /hello/Ada 200 0.6 ms"


def test_the_start_names_the_address() -> None:
    start = shown(message="starting", model="uvicorn", address="127.0.0.1:8000", environment="68555ed84ad1", commit="")

    assert start == "12:00:00 starting http://127.0.0.1:8000 (model uvicorn, environment 68555ed84ad1)"


def test_a_message_keeps_what_was_given_with_it() -> None:
    assert shown(level="WARNING", message="slow", seconds=3) == "12:00:00 WARNING slow seconds=3"


def test_a_traceback_begins_with_the_error_and_the_teams_lines() -> None:
    lines = shown(level="ERROR", message="failed", exception=TRACEBACK).splitlines()

    assert lines == [
        "12:00:00 ERROR failed",
        "  ValueError: Ada",
        '    File "src/orders_api/hello.py", line 38, in hello',
        "      return greet(name)",
        '    File "src/orders_api/greeting.py", line 5, in greet',
        "      raise ValueError(name)",
        "    and 2 frames of libraries; `serve` logs them",
    ]


def test_of_two_tracebacks_each_is_shown() -> None:
    second = TRACEBACK.replace("ValueError: Ada", "KeyError: 'Ada'")
    cause = "\nThe above exception was the direct cause of the following exception:\n\n"
    lines = shown(level="ERROR", message="failed", exception=TRACEBACK + cause + second).splitlines()

    assert [line for line in lines if "Error:" in line] == ["  ValueError: Ada", "  KeyError: 'Ada'"]
    assert "  The above exception was the direct cause of the following exception:" in lines


@pytest.mark.parametrize("line", ["", "a word", "{not JSON", "[1]", '{"a": 1}', '"text"'])
def test_what_is_no_line_of_the_log_stays_as_it_is(line: str) -> None:
    assert readable_line(line, ROOT) == [(line, "")]


@pytest.mark.parametrize("ending", ["", "\n"])
def test_all_that_a_server_writes_arrives(tmp_path: Path, ending: str) -> None:
    """What is no whole line, too, and no colour where there is no terminal."""
    written = json.dumps(ACCESS) + "\n(Pdb) " + ending
    program = (
        "import os, sys; from pathlib import Path; from lockstep_tool.dev_log import write_for_people\n"
        "write_for_people(Path.cwd()); os.execv(sys.executable, [sys.executable, '-c', f'print({sys.argv[1]!r}, end=\"\")'])"
    )
    command = [sys.executable, "-c", program, written]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=True)

    assert done.stdout == "12:00:00 GET /hello/Ada 200 0.6 ms\n(Pdb) " + ending


def test_it_listens_on_this_machine_only_in_one_process_that_ends_at_once(service: SmallService) -> None:
    service.edit("pyproject.toml", "secrets = []", 'dev = { ORDERS_API_GREETING = "Moin" }')

    assert settings_of_dev(Service(service.root)) == {
        "SERVER_HOST": "127.0.0.1",
        "WEB_CONCURRENCY": "1",
        "SERVER_DRAIN_LEAD": "0",
        "ORDERS_API_GREETING": "Moin",
    }


def test_other_sessions_do_not_wait_for_it(tmp_path: Path) -> None:
    """The reader holds nothing that the server lets go: a lock, which ends with its last descriptor."""
    lock = tmp_path / "lock"
    program = (
        "import fcntl, os, sys; from pathlib import Path; from lockstep_tool.dev_log import write_for_people\n"
        "held = Path('lock').open('w'); fcntl.flock(held, fcntl.LOCK_EX); write_for_people(Path.cwd())\n"
        "os.execv(sys.executable, [sys.executable, '-c', 'print(\"serves\", flush=True); input()'])"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, **pipes) as server:  # type: ignore[call-overload]
        assert server.stdout.readline() == "serves\n"
        with lock.open() as free:
            fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)
        server.communicate("\n")
