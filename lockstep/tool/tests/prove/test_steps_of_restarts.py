"""A good service loses nothing when it is restarted; each way to lose something is found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lockstep_tool.prove import restarts, steps_restarts
from lockstep_tool.prove.passed_socket import open_listener
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.steps_serving import become_ready
from tiny_service import TinyService

Tiny = Callable[[str], TinyService]
Hurry = Callable[[], None]


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """Where releases are planted."""
    directory = tmp_path / "releases"
    directory.mkdir()
    return directory


def hurry_before(monkeypatch: pytest.MonkeyPatch, hurry: Hurry, name: str) -> None:
    """Have patience end soon from the first call of that function of `restarts` on."""
    act = getattr(restarts, name)
    monkeypatch.setattr(restarts, name, lambda *given: (hurry(), act(*given))[1])


def reloading(service: TinyService, releases: Path) -> Server:
    return Server(service.production, {"workers": 1, "drain_lead": 0}, searched_first=releases)


@pytest.mark.parametrize("model", ["gunicorn-gthread", "uvicorn-workers"])
def test_a_good_service_is_reloaded(tiny: Tiny, model: str, releases: Path) -> None:
    with reloading(tiny(model), releases) as server:
        become_ready(server)

        assert "the old code goes on" in steps_restarts.refuse_broken_release(server, releases)
        assert "none lost" in steps_restarts.reload_workers(server, releases)
        assert "back after" in steps_restarts.kill_worker(server)


HASTY = """
from gunicorn.arbiter import Arbiter as Plain
from lockstep_serve.on_gunicorn.arbiter import Arbiter
Arbiter.reload = Plain.reload
"""


def test_a_reload_without_a_rehearsal_is_found(tiny: Tiny, releases: Path) -> None:
    service = tiny("gunicorn-gthread")
    service.plant("sitecustomize.py", HASTY + "Arbiter.rehearsed = lambda *_: True")
    with reloading(service, releases) as server:
        become_ready(server)
        with pytest.raises(AssertionError, match=r"does not say that SIGHUP|the server ended|workers were replaced"):
            steps_restarts.refuse_broken_release(server, releases)


def test_a_reload_that_stops_the_old_before_the_new_serve_is_found(
    tiny: Tiny, releases: Path, hurry: Hurry, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry_before(monkeypatch, hurry, "reload")
    service = tiny("gunicorn-gthread")
    service.plant("sitecustomize.py", HASTY)
    with reloading(service, releases) as server:
        become_ready(server)
        with pytest.raises(AssertionError, match=r"while a new worker comes, 10 requests are not answered|imports|lost"):
            steps_restarts.reload_workers(server, releases)


DESERTED = """
from lockstep_serve.on_gunicorn.arbiter import Arbiter

manage = Arbiter.manage_workers

def manage_once(self):
    if not getattr(self, "managed", False):
        self.managed = True
        manage(self)

Arbiter.manage_workers = manage_once
"""


def test_a_worker_that_nobody_replaces_is_found(tiny: Tiny, hurry: Hurry, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry_before(monkeypatch, hurry, "wait_for_newcomers")
    service = tiny("gunicorn-gthread")
    service.plant("sitecustomize.py", DESERTED)
    with service.serving() as server, pytest.raises(AssertionError, match="no new process answers"):
        steps_restarts.kill_worker(server)


def test_workers_are_recycled_and_a_socket_is_passed_on_without_a_loss(tiny: Tiny) -> None:
    service = tiny("gunicorn-gthread")
    with open_listener() as listener, Server(service.production, {"workers": 1, "max_requests": 80}, listener=listener) as server:
        become_ready(server)
        assert "none lost" in steps_restarts.recycle_workers(server)
        with Server(service.production, {"workers": 1}, listener=listener, token=server.token) as successor:
            assert "none lost" in steps_restarts.succeed_server(server, lambda: successor)


WORN = """
import os
from lockstep_serve.on_gunicorn import hooks

report = hooks.report
hooks.report = lambda worker, stage: os._exit(0) if stage == hooks.WORN else report(worker, stage)
"""


def test_a_worker_that_is_worn_and_just_goes_is_found(tiny: Tiny) -> None:
    service = tiny("gunicorn-gthread")
    service.plant("sitecustomize.py", WORN)
    with service.serving(max_requests=80) as server, pytest.raises(AssertionError, match="lost"):
        steps_restarts.recycle_workers(server)


EXITING = """
import os, signal

build = create_app

def create_app():
    app = build()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    return app
"""


def test_a_zero_downtime_restart_that_drops_what_is_in_hand_is_found(tiny: Tiny) -> None:
    service = tiny("uvicorn")
    service.plant("tiny/app.py", EXITING)
    with open_listener() as listener, Server(service.production, {}, listener=listener) as server:
        become_ready(server)
        with (
            Server(service.production, {}, listener=listener, token=server.token) as successor,
            pytest.raises(AssertionError, match="lost"),
        ):
            steps_restarts.succeed_server(server, lambda: successor)
