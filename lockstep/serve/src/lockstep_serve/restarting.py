"""Have a running server serve the code on disk: new workers by `reload`, a new server on the same socket by `restart`."""

import os
import signal
import time
from pathlib import Path

from lockstep_serve import READY
from lockstep_serve.application import in_force
from lockstep_serve.errors import Refusal
from lockstep_serve.rehearsal import SECONDS, rehearse_apart

__all__ = ["reload", "restart"]

LOOK_SECONDS = 0.1


def reload(pid: int) -> str:
    """Rehearse the code on disk, then have the server load it; raises Refusal, and nothing changed."""
    model = in_force().model
    if "reload" not in model.abilities:
        raise Refusal(
            "This server model has no reload.",
            [("server.toml", f"{model.name}: one process, which cannot replace itself")],
            "Have a successor take over its socket: `python -m lockstep_serve restart PID`.",
        )
    refuse_unready(pid, "reloaded")
    tell(pid, signal.SIGHUP)
    return f"The new code starts; process {pid} was told to load it."


def restart(pid: int) -> str:
    """Rehearse, have the server start a successor, and stop the server when that is ready; raises Refusal, and it goes on."""
    if pid == 1:
        raise Refusal(
            "A container ends with its first process, which therefore has no successor.",
            [("1", read(1, "cmdline").replace("\0", " "))],
            "Start another container, or load new code into this one: `python -m lockstep_serve reload`.",
        )
    refuse_unready(pid, "restarted")
    if there := successors(pid):
        raise Refusal(
            "The server has a successor already.",
            [(str(pid), f"process {there[0]}")],
            f"Stop one of them: `kill {pid}` when the successor is the one to stay.",
        )
    tell(pid, signal.SIGUSR2)
    successor = await_successor(pid)
    tell(pid, signal.SIGTERM)
    return f"Process {successor} serves; process {pid} was told to finish what it has."


def serves(pid: int) -> bool:
    """Whether this is a server of this kind, and has not ended."""
    return "lockstep_serve\0serve" in read(pid, "cmdline")


def successors(pid: int) -> list[int]:
    """The servers that it started on its socket."""
    children = [int(word) for word in read(pid, f"task/{pid}/children").split()]
    return [child for child in children if f"\0GUNICORN_PID={pid}\0" in f"\0{read(child, 'environ')}"]


def tell(pid: int, number: int) -> None:
    """Send a signal; raises Refusal where the server has ended meanwhile."""
    if not serves(pid):
        raise Refusal("The server has ended meanwhile.", [(str(pid), "no such process")], "Its log says why; start it again.")
    os.kill(pid, number)


def refuse_unready(pid: int, done: str) -> None:
    """Raise Refusal where the process is another one, or the new code does not start."""
    if not serves(pid):
        raise Refusal(
            f"Process {pid} is not this server.",
            [(str(pid), read(pid, "cmdline").replace("\0", " ") or "no such process")],
            "Name the process that `python -m lockstep_serve serve` became.",
        )
    if failure := rehearse_apart():
        raise Refusal(
            f"The new code does not start, so nothing was {done}.",
            [("rehearsal", failure)],
            "Mend it, then try again; the old code still serves.",
        )


def await_successor(pid: int) -> int:
    """Wait until the successor serves; raises Refusal when it does not come, or is gone again."""
    until, successor, said = time.monotonic() + SECONDS, 0, f"waited for {SECONDS} s"
    while time.monotonic() < until and serves(pid):
        found = successors(pid)
        if successor and not found:
            successor, said = 0, "its successor ended"
            break
        successor = found[0] if found else 0
        if successor and read(successor, "comm").strip() == READY:
            return successor
        time.sleep(LOOK_SECONDS)
    tell(pid, 0)  # is it there?
    if successor:
        os.kill(successor, signal.SIGTERM)
    raise Refusal("No successor came to serve.", [(str(pid), said)], "Its log says why; the old server still serves.")


def read(pid: int, name: str) -> str:
    """What the kernel says of a process; nothing of one that is not there, or is another user's."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
