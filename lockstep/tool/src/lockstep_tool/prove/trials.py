"""Put servers of this service through each kind of restart that their model has, and judge what became of the requests.

Nothing may be lost and nobody may wait long; of a worker that is killed, what it held may be.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from lockstep_serve import models as model
from lockstep_serve.client import get
from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool.prove import restarts
from lockstep_tool.prove.expecting import expect, until
from lockstep_tool.prove.handing_over import listening_socket
from lockstep_tool.prove.load import Clients, Load
from lockstep_tool.prove.losses import Count, Request
from lockstep_tool.prove.process import Server

__all__ = ["Trial", "attempt", "kill_worker", "load_on", "possible", "ready"]

STALL_SECONDS = 0.5
SETTLE_SECONDS = 0.3
BUSY = 1.5  # times slower may a second start be than the first
MOMENT = 0.1  # between a kill and its last effect
LEAD = 0.5
MANY, FEW = Clients(new=4, kept=4, long=2), Clients(new=2, kept=2, long=1)

# An act is given the server, what starts another on its socket, and the load.
Act = Callable[[Server, Callable[[], Server], Load], str]


@dataclass(frozen=True)
class Trial:
    """One restart: what became of the requests, the seconds it took, what was seen of it, and what is wrong."""

    kind: str
    count: Count
    took: float
    seen: str
    faults: tuple[str, ...]


def kill_worker(server: Server, load: Load) -> str:
    """Only what it held is lost, and another is there within a second more than the first took; ends the load."""
    gone, back = restarts.kill_worker(server, load)
    count = load.stop()
    others = held_by_others(load.requests(), gone)
    expect(not others, f"{others} requests were lost that the killed worker did not hold; {count}")
    expect(back < server.boot * BUSY + 1, f"back after {back:.2f} s; the server took {server.boot:.2f} s to start")
    return f"back after {back:.2f} s; {count.lost} lost with it"


# Kind → what the model must be able to do ("" is nothing special), values of server.toml, and the act.
TRIALS: Mapping[str, tuple[str, Mapping[str, object], Act]] = {
    "hand-over": ("", {}, lambda server, another, load: restarts.hand_over(server, another(), load)),
    "reload": ("reload", {}, lambda server, _, load: restarts.reload(server, load)),
    "upgrade": ("upgrade", {}, lambda server, _, load: restarts.upgrade(server, load)),
    "recycle": (
        "recycle",
        {"max_requests": 200, "max_requests_jitter": 100},
        lambda server, _, load: restarts.recycle(server, load),
    ),
    "killed worker": ("replace", {}, lambda server, _, load: kill_worker(server, load)),
    "stop": ("", {}, lambda server, _, load: restarts.stop(server, load, LEAD)),
}


def possible() -> list[str]:
    """The kinds that this server model has."""
    return [kind for kind, (ability, _, _) in TRIALS.items() if not ability or ability in model.ABILITIES]


def attempt(kind: str, seconds: float = SETTLE_SECONDS) -> Trial:
    """Restart once, on servers of its own; the load begins so many seconds before and ends as many after."""
    _, values, act = TRIALS[kind]
    with ExitStack() as stack:
        listener = stack.enter_context(listening_socket()) if kind == "hand-over" else None
        chosen = {"workers": 2, "drain_lead": LEAD, **values}
        server = stack.enter_context(Server(chosen, handed_over=listener))
        begin(server)
        load = stack.enter_context(load_on(server))
        time.sleep(seconds)
        started, seen, faults = time.monotonic(), "", []
        try:
            seen = act(server, lambda: stack.enter_context(Server(chosen, handed_over=listener, token=server.token)), load)
        except AssertionError as fault:
            faults.append(str(fault))
        took = time.monotonic() - started
        time.sleep(seconds)
        return Trial(kind, load.stop(), took, seen, (*faults, *unacceptable(kind, load.stop())))


def begin(server: Server) -> None:
    """A server that does not even come is not one whose restarts can be tried."""
    try:
        ready(server)
    except AssertionError as fault:
        raise Refusal(
            "The server does not become ready, so its restarts were not tried.",
            [(model.MODEL, str(fault)), *(("server", line) for line in server.last_lines(12))],
            "Run `uv run noxfile.py -s prove` first.",
            code=COULD_NOT_LOOK,
        ) from fault


def unacceptable(kind: str, count: Count) -> Iterable[str]:
    if count.lost and kind != "killed worker":
        yield f"{count.lost} of {count.sent} requests were lost"
    if count.stall > STALL_SECONDS:
        yield f"somebody waited {count.stall:.2f} s, more than {STALL_SECONDS} s"


def held_by_others(requests: Iterable[Request], gone: float) -> int:
    """Lost requests that a worker which was gone at that time did not hold: they are on connections opened later."""
    return sum(request.outcome != "answered" and request.opened > gone + MOMENT for request in requests)


def load_on(server: Server, clients: Clients | None = None) -> Load:
    """Ordinary requests and long ones; fewer, and not so long, where a process serves one at a time."""
    overlap = "overlap" in model.ABILITIES
    chosen = clients or (MANY if overlap else FEW)
    return Load(server.port, ["/health/live", server.waiting(0)], server.waiting(200 if overlap else 50), chosen)


def ready(server: Server, seconds: float = restarts.BOOT_SECONDS) -> float:
    """Wait until it takes traffic; returns the seconds that it took."""
    heard = "nothing"

    def takes_traffic() -> bool:
        nonlocal heard
        expect(server.running(), f"the server ended with exit code {server.code()} before it was ready")
        try:
            answer = get(server.port, "/health/ready", timeout=1)
        except OSError as error:
            heard = str(error)
            return False
        heard = f"{answer.status} {answer.body[:200].decode(errors='replace')}"
        return answer.status == 200

    server.boot = until(takes_traffic, seconds, lambda: f"not ready within {seconds} s; last heard: {heard}")
    return server.boot
