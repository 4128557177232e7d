"""Restart a running server in each way that its model has, under a load, and go on until the old processes are gone.

SO_REUSEPORT is not among them: the kernel gives connections to the listener that is about to close.
"""

import os
import signal
import time
from collections.abc import Callable

from lockstep_tool.prove.expecting import expect, patience, patience_with_starts, wait_until
from lockstep_tool.prove.load import Load
from lockstep_tool.prove.process import Server

__all__ = ["kill_worker", "recycle", "reload", "resize", "stop", "succeed", "upgrade"]


def nothing() -> None:
    """While the new code comes."""


def reload(server: Server, load: Load, meanwhile: Callable[[], None] = nothing) -> str:
    """SIGHUP: new workers serve, those that served before are gone."""
    before, old = server.family(), load.workers() - {server.process.pid}
    server.signal(signal.SIGHUP)
    meanwhile()
    wait_for_newcomers(server, load, before)
    wait_until(lambda: not old & server.family(), lambda: f"workers from before SIGHUP live after {patience():g} s")
    return f"new workers: {len(load.workers() - before)}"


def upgrade(server: Server, load: Load) -> str:
    """SIGUSR2: a second main process with workers of its own; then the first is stopped."""
    before = server.family()
    server.signal(signal.SIGUSR2)
    wait_for_newcomers(server, load, before)
    server.signal(signal.SIGTERM)
    return f"the first ended after {wait_for_end(server):.1f} s"


def succeed(server: Server, successor: Server, load: Load) -> str:
    """A successor on the same listening socket; when it serves, the first is stopped."""
    wait_until(
        lambda: bool(load.workers() & successor.family()) or not successor.running(),
        lambda: f"the successor answers nothing within {patience_with_starts():g} s",
        patience_with_starts,
    )
    expect(successor.running(), f"the successor ended with exit code {successor.code()}")
    server.signal(signal.SIGTERM)
    return f"the first ended after {wait_for_end(server):.1f} s"


def recycle(server: Server, load: Load, times: int = 3) -> str:
    """Workers that have served their share are followed by others; wait until so many are gone."""

    def gone() -> int:
        return len(load.workers() - server.family())

    wait_until(
        lambda: gone() >= times or not server.running(),
        lambda: f"{gone()} workers were replaced within {patience_with_starts():g} s, not {times}",
        patience_with_starts,
    )
    expect(server.running(), f"the server ended with exit code {server.code()}")
    return f"workers replaced: {gone()}"


def resize(server: Server, load: Load) -> str:
    """SIGTTIN: one worker more serves; then SIGTTOU: one is gone."""
    before = server.family()
    server.signal(signal.SIGTTIN)
    wait_for_newcomers(server, load, before)
    more = server.family()
    server.signal(signal.SIGTTOU)
    wait_until(lambda: not more <= server.family(), lambda: f"no worker is gone {patience():g} s after SIGTTOU")
    return f"workers: {len(before) - 1}, {len(more) - 1}, {len(server.family()) - 1}"


def kill_worker(server: Server, load: Load) -> tuple[float, float]:
    """SIGKILL one worker; returns when it was gone, and the seconds until a new one answered."""

    def workers() -> set[int]:
        return (load.workers() & server.family()) - {server.process.pid}

    wait_until(lambda: bool(workers()), lambda: "no worker answers")
    before, victim = server.family(), min(workers())
    started = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in server.family(), lambda: f"worker {victim} survives SIGKILL")
    gone = time.monotonic()
    wait_for_newcomers(server, load, before)
    return gone, time.monotonic() - started


def stop(server: Server, load: Load, lead: float) -> tuple[float, str]:
    """SIGTERM: new connections are answered throughout the lead, those that are open until they are told to close.

    Returns when a load balancer is to have noticed, too: halfway through the lead.
    """
    noticed = time.monotonic() + lead / 2
    server.signal(signal.SIGTERM)
    time.sleep(max(0.0, noticed - time.monotonic()))
    load.close_the_door()
    return noticed, f"ended after {wait_for_end(server):.1f} s"


def wait_for_newcomers(server: Server, load: Load, before: set[int]) -> None:
    """Wait for an answer of a process that was not there before."""
    wait_until(
        lambda: bool(load.workers() - before) or not server.running(),
        lambda: f"no new process answers within {patience_with_starts():g} s",
        patience_with_starts,
    )
    expect(bool(load.workers() - before), f"the server ended with exit code {server.code()}")


def wait_for_end(server: Server) -> float:
    """Seconds until the main process ended by itself; its own patience with what is in hand is longer than this one."""
    took = server.wait(patience())
    if took is None:
        raise AssertionError(f"still running {patience():g} s after SIGTERM")
    return took
