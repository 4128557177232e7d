"""A server under load is reloaded, recycled, succeeded and robbed of a worker: nothing is lost that need not be."""

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from lockstep_serve.application import package_directory
from lockstep_tool.prove import restarts, trials
from lockstep_tool.prove.expecting import expect, until
from lockstep_tool.prove.load import Clients, Load
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.trials import load_on

__all__ = ["broken_reload", "hand_over", "kill_worker", "recycle", "reload"]

GENTLE = Clients(new=2, kept=2, long=1, pause=0.03)  # other servers are proved at the same time
SETTLE_SECONDS = 0.2
STALL_SECONDS = 1.5  # the trials of `lockstep restarts` are stricter, and have the machine for themselves
UNCHANGED = "changes nothing"  # the words in the server's log


def under_load(server: Server, act: Callable[[Load], str]) -> str:
    """Nothing is lost, and nobody waits long."""
    with load_on(server, GENTLE) as load:
        time.sleep(SETTLE_SECONDS)
        seen = act(load)
        time.sleep(SETTLE_SECONDS)
        count = load.stop()
    expect(not count.lost, f"{seen}; {count}")
    expect(count.stall < STALL_SECONDS, f"{seen}; {count}")
    return f"{seen}; {count}"


def reload(server: Server) -> str:
    return under_load(server, lambda load: restarts.reload(server, load))


def broken_reload(server: Server, releases: Path) -> str:
    """A release that cannot be imported lies before the one that is installed: SIGHUP must not take it."""

    def act(load: Load) -> str:
        broken = releases / package_directory().name
        shutil.copytree(package_directory(), broken)
        (broken / "__init__.py").write_text('raise ImportError("planted by prove: a release that is broken")\n')
        before, said = server.family(), len(server.printed)
        try:
            server.signal(signal.SIGHUP)
            until(
                lambda: any(UNCHANGED in line for line in server.lines()[said:]) or not server.running(),
                restarts.BOOT_SECONDS,
                lambda: f"it does not say that SIGHUP {UNCHANGED}",
            )
        finally:
            shutil.rmtree(broken)
        expect(server.running(), f"the server ended with exit code {server.code()}")
        expect(load.workers() <= before <= server.family(), "workers were replaced")
        return "the old code goes on"

    return under_load(server, act)


def recycle(server: Server) -> str:
    return under_load(server, lambda load: restarts.recycle(server, load, times=1))


def hand_over(server: Server, successor: Server) -> str:
    return under_load(server, lambda load: restarts.hand_over(server, successor, load))


def kill_worker(server: Server) -> str:
    with load_on(server, GENTLE) as load:
        time.sleep(SETTLE_SECONDS)
        return trials.kill_worker(server, load)
