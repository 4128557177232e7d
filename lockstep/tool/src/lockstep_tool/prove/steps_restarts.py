"""A server under load is reloaded, recycled, succeeded and robbed of a worker: nothing is lost that need not be."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from lockstep_tool.prove import restarts, trials
from lockstep_tool.prove.expecting import expect, patience_with_starts, wait_until
from lockstep_tool.prove.in_hand import Holding
from lockstep_tool.prove.load import Clients, Load
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.trials import load_server

__all__ = ["kill_worker", "recycle_workers", "refuse_broken_release", "reload_workers", "succeed_server"]

GENTLE = Clients(new=2, kept=2, long=1, pause=0.03)  # other servers are proved at the same time
UNCHANGED = "changes nothing"  # the words in the server's log
BROKEN = 'raise ImportError("planted by prove: a release that is broken")\n'
# A release whose import, in a process that is to serve, is over when whoever listens on that port says so.
SLOW = """

import contextlib as _contextlib, socket as _socket, sys as _sys
if "rehearse" not in _sys.argv:
    with _contextlib.suppress(OSError), _socket.create_connection(("127.0.0.1", {port})) as _held:
        _held.recv(1)
"""


def lose_nothing(server: Server, act: Callable[[Load], str]) -> str:
    """Under a load before, while and after it acts, no request is lost."""
    with load_server(server, GENTLE) as load:
        load.wait_for_answers()
        seen = act(load)
        load.wait_for_answers()
        count = load.stop()
    expect(not count.lost, f"{seen}; {count}")
    return f"{seen}; {count}"


def plant_release(server: Server, releases: Path) -> Path:
    """A copy of the service's package in a directory that is searched first; returns its `__init__.py`."""
    installed = server.production.package
    copy = shutil.copytree(installed, releases / installed.name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy / "__init__.py"


def refuse_broken_release(server: Server, releases: Path) -> str:
    """A release that cannot be imported lies before the one that is installed: SIGHUP must not take it."""

    def act(load: Load) -> str:
        broken = plant_release(server, releases)
        broken.write_text(BROKEN, encoding="utf-8")
        before, said = server.family(), len(server.lines())
        try:
            server.signal(signal.SIGHUP)
            wait_until(
                lambda: any(UNCHANGED in line for line in server.lines(said)) or not server.running(),
                lambda: f"it does not say that SIGHUP {UNCHANGED}",
            )
        finally:
            shutil.rmtree(broken.parent)
        expect(server.running(), f"the server ended with exit code {server.code()}")
        expect(load.workers() <= before <= server.family(), "workers were replaced")
        return "the old code goes on"

    return lose_nothing(server, act)


def reload_workers(server: Server, releases: Path) -> str:
    """The old workers serve until the new ones do: while a new one imports the release, which is held, they answer."""
    release = plant_release(server, releases)
    with Holding() as importing:
        with release.open("a", encoding="utf-8") as file:
            file.write(SLOW.format(port=importing.port))

        def serve_meanwhile(load: Load) -> None:
            wait_until(
                lambda: importing.count() > 0 or not server.running(),
                lambda: f"no new worker imports the service within {patience_with_starts():g} s",
                patience_with_starts,
            )
            expect(server.running(), f"the server ended with exit code {server.code()}")
            load.wait_for_answers("while a new worker comes")
            importing.let_go()

        return lose_nothing(server, lambda load: restarts.reload(server, load, lambda: serve_meanwhile(load)))


def recycle_workers(server: Server) -> str:
    """A worker that has served its share is followed by another."""
    return lose_nothing(server, lambda load: restarts.recycle(server, load, times=1))


def succeed_server(server: Server, start_successor: Callable[[], Server]) -> str:
    """A zero-downtime restart: a successor takes over the listening socket."""
    return lose_nothing(server, lambda load: restarts.succeed(server, start_successor(), load))


def kill_worker(server: Server) -> str:
    """Another comes, and nothing is lost that the killed one did not hold."""
    with load_server(server, GENTLE) as load:
        load.wait_for_answers()
        return trials.kill_worker(server, load)
