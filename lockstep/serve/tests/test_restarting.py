"""New code, new workers and new servers take over without a gap; what is broken changes nothing."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import lockstep_serve.restarting
from holding import holding, waiting_at
from lockstep_serve.definition import read_definition
from lockstep_serve.errors import Refusal
from notes import noted
from running import PATIENCE, Running, children, is_there, until
from services import DEFINITIONS, Service, make_service
from test_stopping import accepts


@pytest.fixture(scope="module")
def notes(model: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the workers of `restarting` note."""
    return tmp_path_factory.mktemp(f"restarting-{model}") / "notes"


@pytest.fixture(scope="module")
def restarting(service: Service, notes: Path) -> Iterator[Running]:
    """One server, restarted in one way after another."""
    with service.serving(NOTES=str(notes)) as server:
        server.until(lambda: len(noted(notes, "start")) == (1 if service.model.name == "uvicorn" else 2))
        yield server


def needs(service: Service, ability: str) -> None:
    if ability not in service.model.abilities:
        pytest.skip(f"{service.model.name} has no {ability}")


def boots(server: Running) -> list[dict[str, Any]]:
    return [line for line in server.lines() if line["message"] == "starting"]


def reload(service: Service, server: Running) -> tuple[int, str]:
    done = service.run("reload", str(server.process.pid))
    return done.returncode, done.stdout


def test_a_worker_that_was_killed_comes_back(service: Service, restarting: Running, notes: Path) -> None:
    needs(service, "replace")
    restarting.until(lambda: len(children(restarting.process.pid)) == 2)
    killed = min(children(restarting.process.pid))
    os.kill(killed, signal.SIGKILL)

    restarting.until(lambda: len(children(restarting.process.pid) - {killed}) == 2)
    assert restarting.get("/hello/Ada")[0] == 200
    assert [line for line in restarting.lines() if line["level"] == "ERROR" and str(killed) in line["message"]]
    assert killed not in noted(notes, "stop")


def test_one_worker_more_and_one_fewer(service: Service, tmp_path: Path) -> None:
    """Whoever goes has no lead: the others stay, and so does readiness."""
    needs(service, "replace")
    own = tmp_path / "notes"
    with service.serving(NOTES=str(own), SERVER_DRAIN_LEAD="300", SERVER_DRAIN="301", SERVER_GRACE="700") as server:
        for number in (signal.SIGTTIN, signal.SIGTTOU, signal.SIGTTOU):
            expected = len(children(server.process.pid)) + (1 if number == signal.SIGTTIN else -1)
            server.signal(number)
            server.until(lambda expected=expected: len(children(server.process.pid)) == expected)  # type: ignore[misc]  # bound at once
            assert {server.get("/health/ready")[0] for _ in range(8)} == {200}


def test_a_reload_of_broken_code_is_refused(service: Service, restarting: Running) -> None:
    needs(service, "reload")
    with service.changed("hello.py", "GREETING =", "import no_such_module\n\nGREETING ="):
        code, text = reload(service, restarting)

        assert code == 1
        assert text.startswith("The new code does not start, so nothing was reloaded.")
        assert "No module named 'no_such_module'" in text
        assert "Traceback" not in text


def test_so_is_the_signal_alone(service: Service, restarting: Running) -> None:
    needs(service, "reload")
    with service.changed("hello.py", "GREETING =", "import no_such_module\n\nGREETING ="):
        restarting.signal(signal.SIGHUP)

        restarting.until(lambda: restarting.has_logged("SIGHUP changes nothing"))
        assert restarting.body("/hello/Ada") == "Hello, Ada!"


def test_a_reload_serves_new_code_from_new_workers(service: Service, restarting: Running, notes: Path) -> None:
    needs(service, "reload")
    # A worker that is told to stop before it has begun has nothing to end.
    restarting.until(lambda: len(children(restarting.process.pid) & set(noted(notes, "start"))) == 2)
    before = children(restarting.process.pid)
    with service.changed("hello.py", '"Hello"', '"Servus"'):
        code, text = reload(service, restarting)

        assert (code, text) == (0, f"The new code starts; process {restarting.process.pid} was told to load it.\n")
        restarting.until(
            lambda: len(children(restarting.process.pid) - before) == 2 and not children(restarting.process.pid) & before
        )
        assert {restarting.body("/hello/Ada") for _ in range(8)} == {"Servus, Ada!"}
        assert before <= set(noted(notes, "stop"))


def test_a_reload_takes_the_definition_on_disk(service: Service) -> None:
    needs(service, "reload")
    stated, three = 'default = "auto", env = "WEB_CONCURRENCY"', 'default = 3, env = "WORKERS"'
    with service.serving() as server, service.changed("server.toml", stated, three):
        before = children(server.process.pid)
        assert reload(service, server)[0] == 0
        server.until(lambda: len(children(server.process.pid) - before) == 3 and not children(server.process.pid) & before)
    with service.changed("server.toml", stated, three), service.serving() as server:
        before = children(server.process.pid)
        with service.changed("server.toml", three, 'default = 1, env = "WORKERS"'):
            assert reload(service, server)[0] == 0
            server.until(lambda: len(children(server.process.pid) - before) == 1 and not children(server.process.pid) & before)


def test_a_reload_of_another_server_model_is_refused(service: Service, tmp_path: Path) -> None:
    """The server of the new model is another program, or has other workers: it is started anew."""
    needs(service, "reload")
    file, others = service.package / "server.toml", {"WSGI": "gunicorn-gevent", "ASGI": "gunicorn-asgi"}
    other = others[service.model.interface]
    if other == service.model.name:
        other = {"WSGI": "gunicorn-gthread", "ASGI": "uvicorn-workers"}[service.model.interface]
    stated = DEFINITIONS.joinpath(f"{other}.toml").read_text(encoding="utf-8")
    own = tmp_path / "notes"
    with service.serving(NOTES=str(own)) as server:
        server.until(lambda: len(noted(own, "start")) == 2)  # one that starts later would read it
        before = children(server.process.pid)
        with service.changed("server.toml", file.read_text(encoding="utf-8"), stated):
            server.signal(signal.SIGHUP)
            server.until(lambda: server.has_logged("SIGHUP changes nothing: a reload cannot change the server model"))
            assert server.get("/hello/Ada")[0] == 200
            assert before <= children(server.process.pid)


def test_one_process_has_no_reload_and_goes_on(service: Service, restarting: Running) -> None:
    if "reload" in service.model.abilities:
        pytest.skip(f"{service.model.name} reloads")
    code, text = reload(service, restarting)
    restarting.signal(signal.SIGHUP)

    assert code == 1
    assert text.startswith("This server model has no reload.")
    restarting.until(lambda: restarting.has_logged("SIGHUP changes nothing"))
    assert restarting.get("/hello/Ada")[0] == 200


def test_reload_names_a_process_that_is_not_this_server(tmp_path: Path) -> None:
    done = make_service(tmp_path, "gunicorn-sync").run("reload", str(os.getpid()))

    assert done.returncode == 1
    assert done.stdout.startswith(f"Process {os.getpid()} is not this server.")


def test_workers_that_have_served_their_requests_are_replaced_without_a_gap(service: Service, tmp_path: Path) -> None:
    """Each wears out with its first request, before anyone looks."""
    needs(service, "recycle")
    own = tmp_path / "notes"
    with service.serving(SERVER_MAX_REQUESTS="1", NOTES=str(own)) as server:
        server.until(lambda: len(children(server.process.pid)) == 2)
        first = children(server.process.pid)

        def is_renewed() -> bool:
            assert {server.get("/hello/Ada")[0] for _ in range(2)} == {200}
            return not children(server.process.pid) & first

        server.until(is_renewed)
        server.stop()
        assert server.has_logged("has served its requests")

    assert noted(own, "start") == noted(own, "stop")


def test_a_successor_on_the_same_socket_takes_over(service: Service) -> None:
    """As systemd passes a listening socket: the old server stops, the new one answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:
        old = stack.enter_context(service.inheriting(listener))
        new = stack.enter_context(service.inheriting(listener))
        assert old.stop() == 0

        assert new.body("/hello/Ada") == "Hello, Ada!"
        assert new.lines()[0]["address"] == f"127.0.0.1:{new.port} (inherited)"


def test_an_upgrade_starts_a_successor_of_the_server(service: Service) -> None:
    """gunicorn's SIGUSR2; a new manager on the same socket."""
    needs(service, "upgrade")
    with service.serving() as server:
        with service.changed("hello.py", "GREETING =", "import no_such_module\n\nGREETING ="):
            server.signal(signal.SIGUSR2)
            server.until(lambda: server.has_logged("SIGUSR2 changes nothing"))
        server.signal(signal.SIGUSR2)
        server.until(lambda: [pid for pid in children(server.process.pid) if len(children(pid)) == 2])
        [successor] = [pid for pid in children(server.process.pid) if children(pid)]

        assert [line["address"].endswith("(inherited)") for line in boots(server)] == [False, True]
        assert server.stop() == 0
        assert server.body("/hello/Ada") == "Hello, Ada!"
        os.kill(successor, signal.SIGTERM)


def test_one_command_has_a_successor_take_over_and_a_broken_one_changes_nothing(service: Service, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with service.serving(NOTES=str(notes)) as server, ExitStack() as stack:
        with service.changed("hello.py", "GREETING =", "import no_such_module\n\nGREETING ="):
            broken = service.run("restart", str(server.process.pid))
        with service.changed("hello.py", '"Hello"', '"Servus"'):
            done = service.run("restart", str(server.process.pid), PORT=str(server.port))
            assert done.returncode == 0, done.stdout + server.log.read_text(encoding="utf-8")
            successor = int(done.stdout.split()[1])
            assert server.process.wait(PATIENCE) == 0
            assert {server.body("/hello/Ada") for _ in range(8)} == {"Servus, Ada!"}

        assert (broken.returncode, "nothing was restarted" in broken.stdout) == (1, True)
        assert [line["address"].endswith("(inherited)") for line in boots(server)] == [False, True]
        assert Path(f"/proc/{successor}/comm").read_text(encoding="ascii") == "lockstep-ready\n"
        second = service.run("restart", str(successor), PORT=str(server.port))
        stack.callback(os.kill, int(second.stdout.split()[1]), signal.SIGTERM)
        server.until(lambda: not is_there(successor))
        assert server.body("/hello/Ada") == "Hello, Ada!"


@pytest.mark.parametrize("rehearsed", [False, True], ids=["in the rehearsal", "by new workers"])
def test_a_stop_does_not_wait_for_new_code(service: Service, *, rehearsed: bool) -> None:
    needs(service, "reload")
    with service.serving(SERVER_REQUEST_TIMEOUT="300", WEB_CONCURRENCY="1") as server, holding() as hold:
        with service.changed("hello.py", "GREETING =", waiting_at(hold)):
            server.signal(signal.SIGHUP)
            hold.await_one()
            if rehearsed and service.model.name != "uvicorn-workers":  # whose processes come one after the other, not rehearsed
                hold.release()
                hold.await_one()

            assert server.stop() == 0
        assert not [line for line in server.lines() if line["level"] == "ERROR"]


def test_processes_that_hang_in_their_start_are_given_up(service: Service) -> None:
    if service.model.name != "uvicorn-workers":
        pytest.skip("the rehearsal meets it, or it has no reload")
    with service.serving(SERVER_REQUEST_TIMEOUT="2") as server:
        with service.changed("worker.py", 'note("start")', '__import__("time").sleep(600)'):
            server.signal(signal.SIGHUP)
            server.until(lambda: server.has_logged("SIGHUP changes nothing"))

        assert server.body("/hello/Ada") == "Hello, Ada!"


def test_restart_names_a_successor_that_is_there(service: Service) -> None:
    with service.serving(WEB_CONCURRENCY="1") as server:
        server.signal(signal.SIGUSR2)
        server.until(lambda: len(boots(server)) == 2)
        done = service.run("restart", str(server.process.pid))

        assert done.returncode == 1
        assert done.stdout.startswith("The server has a successor already.")
        assert server.process.poll() is None


def test_a_stop_lets_a_successor_end_that_has_begun(service: Service, tmp_path: Path) -> None:
    """It may have taken requests by then: as soon as it serves, the manager is told to stop."""
    if service.model.name != "uvicorn-workers":
        pytest.skip("gunicorn's manager retires them, and the others have none")
    notes = tmp_path / "notes"
    with service.serving(NOTES=str(notes), SERVER_MAX_REQUESTS="1", SERVER_MAX_REQUESTS_JITTER="0") as server:
        before = len(noted(notes, "start"))
        while len(noted(notes, "start")) == before:
            server.get("/hello/Ada")
        assert server.stop() == 0

    assert noted(notes, "start") == noted(notes, "stop")


def test_one_successor_at_a_time(service: Service) -> None:
    if "upgrade" in service.model.abilities:
        pytest.skip("gunicorn sees to it")
    with service.serving(WEB_CONCURRENCY="1") as server, holding() as hold:
        with service.changed("hello.py", "GREETING =", waiting_at(hold)):
            server.signal(signal.SIGUSR2)
            hold.await_one()
            server.signal(signal.SIGUSR2)
            server.until(lambda: server.has_logged("SIGUSR2 changes nothing"))
        server.stop()
        assert len(boots(server)) == 2


@pytest.mark.parametrize("command", ["reload", "restart"])
def test_a_server_that_ends_meanwhile_is_named(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = make_service(tmp_path, "gunicorn-sync")
    monkeypatch.setattr(lockstep_serve.restarting, "in_force", lambda: read_definition(service.package / "server.toml", {}))
    words = [sys.executable, "-c", "import time; time.sleep(600)", "lockstep_serve", "serve"]
    with subprocess.Popen(words) as server:
        until(lambda: lockstep_serve.restarting.serves(server.pid))

        def end() -> str:
            server.kill()
            server.wait()
            return ""

        monkeypatch.setattr(lockstep_serve.restarting, "rehearse_apart", end)
        with pytest.raises(Refusal, match="The server has ended meanwhile"):
            getattr(lockstep_serve.restarting, command)(server.pid)


def test_a_successor_that_ends_is_named_and_the_old_server_goes_on(service: Service) -> None:
    """It is rehearsed with the command's own environment, and started with the server's."""
    with service.serving(FAIL="") as server:
        with service.changed("worker.py", 'if os.environ.get("FAIL"):', 'if "GUNICORN_PID" in os.environ:'):
            done = service.run("restart", str(server.process.pid))

        assert done.returncode == 1
        assert done.stdout.startswith("No successor came to serve.")
        assert server.body("/hello/Ada") == "Hello, Ada!"


def test_restart_names_a_process_that_is_not_this_server(tmp_path: Path) -> None:
    service = make_service(tmp_path, "gunicorn-sync")

    assert service.run("restart", str(os.getpid())).stdout.startswith(f"Process {os.getpid()} is not this server.")
    assert service.run("restart", "1").stdout.startswith("A container ends with its first process")


def test_dev_ends_with_its_terminal(service: Service) -> None:
    with service.starting("--reload") as server:
        server.await_ready()
        os.killpg(server.process.pid, signal.SIGHUP)
        server.process.wait(PATIENCE)

        until(lambda: not accepts(server))


def test_dev_is_the_same_server_and_starts_again_on_a_change(service: Service) -> None:
    with service.serving("--reload") as server, service.changed("hello.py", '"Hello"', '"Servus"'):

        def serves_the_change() -> bool:
            """Asked again and again; the change is made again, because it may have come before anyone watched."""
            (service.package / "hello.py").touch()
            return any(server.get("/hello/Ada")[1].endswith("Servus, Ada!") for _ in range(200))

        server.until(serves_the_change)
        assert server.lines()[0]["reload"] is True
