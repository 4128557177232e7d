"""A process that stays as it began passes; what a service changes around itself, and what clients do to it, is found."""

import os
import subprocess
from collections.abc import Callable

import pytest

from lockstep_tool.prove import steps_process
from lockstep_tool.prove.server_log import ServerLog, telling_lines
from lockstep_tool.prove.steps_process import expect_same_path
from tiny_service import TinyService

Tiny = Callable[[str], TinyService]
Hurry = Callable[[], None]


@pytest.mark.parametrize("model", ["uvicorn-workers", "gunicorn-sync", "gunicorn-gevent"])
def test_a_good_service_passes(tiny: Tiny, model: str) -> None:
    with tiny(model).serving(workers=2) as server:
        assert "directories, UTC" in steps_process.keep_surroundings(server)
        assert steps_process.leave_no_file_open(server).endswith("are open")


def test_a_framework_that_puts_a_process_into_utc_accuses_nobody(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    service = tiny("uvicorn")
    service.plant("tiny/app.py", "import os, time\nos.environ['TZ'] = 'UTC'\ntime.tzset()")
    with service.serving() as server:
        assert "directories, UTC" in steps_process.keep_surroundings(server)


def test_a_time_zone_that_the_service_states_accuses_nobody(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/app.py", "import os, time\nos.environ['TZ'] = 'Asia/Tokyo'\ntime.tzset()")
    project = service.root / "pyproject.toml"
    project.write_text(project.read_text().replace("[tool.lockstep]\n", '[tool.lockstep]\ntime-zone = "Asia/Tokyo"\n'))
    with service.serving() as server:
        assert "directories, JST" in steps_process.keep_surroundings(server)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        pytest.param(["/lib", "/env/site", "/env/site/setuptools/_vendor"], "", id="a package's own directory behind"),
        pytest.param(["/env/site/own", "/lib", "/env/site"], "adds '/env/site/own' to sys.path", id="one before"),
        pytest.param(["/lib", "/env/site", "/environment"], "adds '/environment' to sys.path", id="one outside"),
        pytest.param(["/lib"], "takes '/env/site' from sys.path", id="one less"),
        pytest.param(["/env/site", "/lib"], "puts sys.path into another order", id="another order"),
    ],
)
def test_a_search_path_is_the_interpreters(after: list[str], said: str) -> None:
    if not said:
        expect_same_path(["/lib", "/env/site"], after, "/env")
        return
    with pytest.raises(AssertionError, match=said):
        expect_same_path(["/lib", "/env/site"], after, "/env")


POOL = """
kept = []

def answer(path, good=answer):
    if len(kept) < 12:
        kept.append(open("/etc/passwd"))
    return good(path)
"""


def test_files_that_are_opened_once_and_kept_accuse_nobody(tiny: Tiny) -> None:
    service = tiny("gunicorn-gthread")
    service.plant("tiny/answers.py", POOL)
    with service.serving() as server:
        assert steps_process.leave_no_file_open(server).endswith("are open")


@pytest.mark.parametrize("model", ["uvicorn", "gunicorn-asgi", "gunicorn-gevent"])
def test_silent_clients_are_outlived(tiny: Tiny, model: str) -> None:
    with tiny(model).serving(keep_alive=1) as server:
        assert steps_process.outlive_silent_clients(server) == "serves beside 100, with room for 64 files"


PATIENT = {
    "uvicorn": "from lockstep_serve.on_uvicorn import http_protocol as p\n"
    "p.DrainingProtocol.connection_made = p.HttpToolsProtocol.connection_made",
    "gunicorn-asgi": "from lockstep_serve.on_gunicorn.asgi_worker import Protocol\n"
    "Protocol._arm_keepalive_timer = lambda _: None",
}


@pytest.mark.parametrize("model", PATIENT)
def test_a_server_that_keeps_silent_clients_for_ever_is_found(tiny: Tiny, hurry: Hurry, model: str) -> None:
    service = tiny(model)
    service.plant("tiny/app.py", PATIENT[model])
    with service.serving(keep_alive=1) as server:
        hurry()
        with pytest.raises(AssertionError, match="nobody is served beside 100 silent clients"):
            steps_process.outlive_silent_clients(server)


def test_the_lines_of_a_step_tell_its_cause_and_so_do_earlier_warnings() -> None:
    lines = [
        '{"level": "INFO", "logger": "lockstep", "message": "starting"}',
        '{"level": "WARNING", "logger": "tiny", "message": "no database yet"}',
        '{"level": "WARNING", "logger": "lockstep.loop", "message": "held", "held_ms": 200, "where": "waiting.py:7"}',
        "Fatal Python error: Aborted",
        '{"level": "INFO", "logger": "tiny", "message": "closing"}',
        '{"level": "INFO", "logger": "access", "message": "GET / 200"}',
    ]

    assert telling_lines(lines, 4, 12) == [
        "WARNING tiny: no database yet",
        "Fatal Python error: Aborted",
        "INFO tiny: closing",
    ]
    assert telling_lines(lines, 0, 1) == ["INFO tiny: closing"]


def test_a_log_has_whole_lines_of_everybody_who_writes_to_it() -> None:
    with ServerLog() as log:
        os.write(log.descriptor, b"one\ntw")
        assert log.read_lines() == ["one", "tw"]
        subprocess.run(["sh", "-c", "echo o; echo '\\377'"], stdout=log.descriptor, check=True)

        assert log.read_lines() == ["one", "two", "\ufffd"]
