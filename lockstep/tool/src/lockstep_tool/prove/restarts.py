"""Restart a running server in each way that its model has, under a load, and go on until the old processes are gone.

SO_REUSEPORT is not among them: the kernel gives connections to the listener that is about to close.
"""

import os
import signal
import time

from lockstep_serve.serving import in_force
from lockstep_tool.prove.expecting import expect, until
from lockstep_tool.prove.load import Load
from lockstep_tool.prove.process import Server

__all__ = ["BOOT_SECONDS", "hand_over", "kill_worker", "recycle", "reload", "stop", "upgrade"]

BOOT_SECONDS = 30  # for a new process to come to serve
PATIENCE_SECONDS = 5  # kept connections are waited for, a little


def reload(server: Server, load: Load) -> str:
    """SIGHUP: new workers serve, those that served before are gone."""
    before, old = server.family(), load.workers() - {server.process.pid}
    server.signal(signal.SIGHUP)
    newcomers(server, load, before)
    seconds = BOOT_SECONDS + in_force().drain
    until(lambda: not old & server.family(), seconds, lambda: f"workers from before SIGHUP live after {seconds} s")
    return f"new workers: {len(load.workers() - before)}"


def upgrade(server: Server, load: Load) -> str:
    """SIGUSR2: a second main process with workers of its own; then the first is stopped."""
    before = server.family()
    server.signal(signal.SIGUSR2)
    newcomers(server, load, before)
    server.signal(signal.SIGTERM)
    return f"the first ended after {ended(server):.1f} s"


def hand_over(server: Server, successor: Server, load: Load) -> str:
    """A successor on the same listening socket; when it serves, the first is stopped."""
    until(
        lambda: bool(load.workers() & successor.family()) or not successor.running(),
        BOOT_SECONDS,
        lambda: f"the successor answers nothing within {BOOT_SECONDS} s",
    )
    expect(successor.running(), f"the successor ended with exit code {successor.code()}")
    server.signal(signal.SIGTERM)
    return f"the first ended after {ended(server):.1f} s"


def recycle(server: Server, load: Load, times: int = 3) -> str:
    """Workers that have served their share are followed by others; wait until so many are gone."""

    def gone() -> int:
        return len(load.workers() - server.family())

    seconds = BOOT_SECONDS + in_force().drain
    until(lambda: gone() >= times, seconds, lambda: f"{gone()} workers were replaced within {seconds} s, not {times}")
    expect(server.running(), f"the server ended with exit code {server.code()}")
    return f"workers replaced: {gone()}"


def kill_worker(server: Server, load: Load) -> tuple[float, float]:
    """SIGKILL one worker; returns when it was gone, and the seconds until a new one answered."""

    def workers() -> set[int]:
        return (load.workers() & server.family()) - {server.process.pid}

    until(lambda: bool(workers()), BOOT_SECONDS, lambda: "no worker answers")
    before, victim = server.family(), min(workers())
    started = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    until(lambda: victim not in server.family(), 5, lambda: f"worker {victim} survives SIGKILL")
    gone = time.monotonic()
    newcomers(server, load, before)
    return gone, time.monotonic() - started


def stop(server: Server, load: Load, lead: float) -> str:
    """SIGTERM: new connections are answered throughout the lead, those that are open until they are told to close."""
    server.signal(signal.SIGTERM)
    time.sleep(lead / 2)  # by then a load balancer is to have noticed
    load.close_the_door()
    return f"ended after {ended(server):.1f} s"


def newcomers(server: Server, load: Load, before: set[int]) -> None:
    """Wait for an answer of a process that was not there before."""
    until(
        lambda: bool(load.workers() - before) or not server.running(),
        BOOT_SECONDS,
        lambda: f"no new process answers within {BOOT_SECONDS} s",
    )
    expect(bool(load.workers() - before), f"the server ended with exit code {server.code()}")


def ended(server: Server) -> float:
    """Seconds until the main process ended by itself; what the load asks for takes a fraction of one."""
    grace, drain = in_force().grace, in_force().drain
    took = server.wait(grace)
    if took is None:
        raise AssertionError(f"still running {grace} s after SIGTERM")
    expect(took < max(drain, PATIENCE_SECONDS), f"ended after {took:.1f} s: what had not ended by itself was killed")
    return took
