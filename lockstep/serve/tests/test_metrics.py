"""Whoever answers says the same numbers, and no server leaves anything behind."""

import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from lockstep_serve import metrics_directory
from lockstep_serve.definition import read_definition
from lockstep_serve.errors import Refusal
from running import Running, children
from services import DEFINITIONS, Service, make_service


@pytest.fixture(scope="module")
def measured(model: str, tmp_path_factory: pytest.TempPathFactory) -> Service:
    return make_service(tmp_path_factory.mktemp(f"measured-{model}"), model, "metrics")


def directories_of(server: Running) -> list[Path]:
    """The directories of metrics that the server's main process has locked."""
    opened = [Path(os.readlink(link)) for link in Path(f"/proc/{server.process.pid}/fd").iterdir() if link.is_symlink()]
    return [path for path in opened if path.name.startswith(metrics_directory.PREFIX)]


def test_every_process_says_the_sum_of_all_also_after_a_reload(measured: Service) -> None:
    with measured.serving() as server:
        directories = directories_of(server)
        assert len(directories) == (0 if measured.model.name == "uvicorn" else 1)
        for _ in range(10):
            server.body("/hello/Ada")

        assert {server.body("/metrics") for _ in range(6)} == {"requests_total 10\n"}
        if "reload" in measured.model.abilities:
            before = children(server.process.pid)
            server.signal(signal.SIGHUP)
            server.until(lambda: len(children(server.process.pid)) == 2 and not children(server.process.pid) & before)
            assert {server.body("/metrics") for _ in range(6)} == {"requests_total 10\n"}
        server.stop()

    assert not any(directory.exists() for directory in directories)


def test_the_meter_is_made_before_the_application(measured: Service) -> None:
    """It tidies up after the process that had this one's id; what the application's modules count must not be there yet."""
    with (
        measured.changed(
            "meter.py", "        self.counted = 0\n", '        self.counted = 0\n        print("meter", flush=True)\n'
        ),
        measured.changed("hello.py", "GREETING =", 'print("application", flush=True)\nGREETING ='),
        measured.serving(WEB_CONCURRENCY="1") as server,
    ):
        said = [line for line in server.log.read_text(encoding="utf-8").splitlines() if line in {"meter", "application"}]

    assert said[:2] == ["meter", "application"]


def test_metrics_are_not_below_the_path_that_a_proxy_passes_on(measured: Service) -> None:
    with measured.serving(SERVER_ROOT_PATH="/orders") as server:
        assert server.get("/orders/hello/Ada")[0] == 200
        assert server.get("/orders/metrics")[0] == 404
        assert server.get("/metrics")[0] == 200


def test_a_service_that_announces_no_metrics_has_none(server: Running) -> None:
    assert server.get("/metrics")[0] == 404
    assert not directories_of(server)


SEVERAL = read_definition(DEFINITIONS / "gunicorn-sync.toml", {})
ONE = read_definition(DEFINITIONS / "uvicorn.toml", {})


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where directories are made: not in memory, which other servers of this machine use."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setenv(metrics_directory.VARIABLE, "/of/a/predecessor")
    return tmp_path


def abandon(parent: Path, name: str, seconds: float) -> Path:
    """A directory that a killed server left so long ago."""
    directory = parent / f"{metrics_directory.PREFIX}{name}"
    directory.mkdir()
    os.utime(directory, (time.time() - seconds,) * 2)
    return directory


def test_the_directory_is_named_and_removed_at_the_end(parent: Path) -> None:
    with metrics_directory.make_directory(SEVERAL):
        directory = Path(os.environ[metrics_directory.VARIABLE])
        assert directory.parent == parent
        assert directory.is_dir()

    assert not directory.exists()


def test_one_process_needs_none_and_forgets_that_of_a_predecessor(parent: Path) -> None:
    with metrics_directory.make_directory(ONE):
        assert metrics_directory.VARIABLE not in os.environ
        assert not list(parent.iterdir())


def test_what_killed_servers_left_is_removed_and_what_others_use_is_not(parent: Path) -> None:
    left, fresh = abandon(parent, "left", 3600), abandon(parent, "fresh", 0)
    with metrics_directory.make_directory(SEVERAL):
        used = Path(os.environ[metrics_directory.VARIABLE])
        os.utime(used, (0, 0))
        with metrics_directory.make_directory(SEVERAL):
            assert used.exists()

    assert not left.exists()
    assert fresh.exists()


def test_a_machine_without_a_writable_directory_is_refused(parent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(parent / "none"))
    with pytest.raises(Refusal, match="cannot be written anywhere"), metrics_directory.make_directory(SEVERAL):
        pass
