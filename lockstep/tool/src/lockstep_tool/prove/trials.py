"""Put servers of this service through each kind of restart that their model has, and judge what became of the requests.

Nothing may be lost, and nobody may wait much longer than without the restart; of a worker that is killed, what it held
may be lost.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_serve.models import Model
from lockstep_tool.prove import restarts
from lockstep_tool.prove.expecting import expect
from lockstep_tool.prove.lasting import LOST, Lasting
from lockstep_tool.prove.load import Clients, Load
from lockstep_tool.prove.losses import Count, Request, find_stall
from lockstep_tool.prove.passed_socket import open_listener
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.production import Production
from lockstep_tool.prove.steps_serving import become_ready

__all__ = ["Trial", "attempt", "begin", "kill_worker", "list_kinds", "load_server"]

STALL_SECONDS, STALL_TIMES = 0.5, 5  # what may be waited for, and how many times what is waited for without a restart
SETTLE_SECONDS = 0.3
LEAD, LONG_LEAD = 0.5, 2.0  # seconds; the long one where clients have to notice that it has begun
MANY, FEW = Clients(new=4, kept=4, long=2), Clients(new=2, kept=2, long=1)

# An act is given the server, what starts another on its socket, and the load.
Act = Callable[[Server, Callable[[], Server], Load], str]


@dataclass(frozen=True)
class Trial:
    """One restart: what became of the requests and of what was open (kind → how it ended → number), the seconds it took,
    what was seen of it, and what is wrong.
    """

    kind: str
    count: Count
    lasting: Mapping[str, Mapping[str, int]]
    took: float
    seen: str
    faults: tuple[str, ...]


def kill_worker(server: Server, load: Load) -> str:
    """Only what it held is lost, and another comes; ends the load."""
    gone, back = restarts.kill_worker(server, load)
    count = load.stop()
    others = lost_after(load.requests(), gone)
    expect(not others, f"{others} requests were lost that the killed worker did not hold; {count}")
    return f"back after {back:.2f} s; {count.lost} lost with it"


def stop(server: Server, load: Load) -> str:
    """Nothing is lost that came in time; ends the load."""
    noticed, seen = restarts.stop(server, load, LONG_LEAD)
    load.stop()
    load.forget_lost_after(noticed)
    return seen


# Kind → what the model must be able to do ("" is nothing special), values of server.toml, and the act.
TRIALS: Mapping[str, tuple[str, Mapping[str, object], Act]] = {
    "zero-downtime restart": ("", {}, lambda server, another, load: restarts.succeed(server, another(), load)),
    "reload": ("reload", {}, lambda server, _, load: restarts.reload(server, load)),
    "upgrade": ("upgrade", {}, lambda server, _, load: restarts.upgrade(server, load)),
    "recycle": (
        "recycle",
        {"max_requests": 200, "max_requests_jitter": 100},
        lambda server, _, load: restarts.recycle(server, load),
    ),
    "resize": ("replace", {}, lambda server, _, load: restarts.resize(server, load)),
    "killed worker": ("replace", {}, lambda server, _, load: kill_worker(server, load)),
    "stop": ("", {"drain_lead": LONG_LEAD}, lambda server, _, load: stop(server, load)),
}


def list_kinds(model: Model) -> list[str]:
    """The kinds that this server model has."""
    return [kind for kind, (ability, _, _) in TRIALS.items() if not ability or ability in model.abilities]


def attempt(production: Production, kind: str, seconds: float = SETTLE_SECONDS) -> Trial:
    """Restart once, on servers of its own; the load begins so many seconds before and ends as many after."""
    _, values, act = TRIALS[kind]
    with ExitStack() as stack:
        listener = stack.enter_context(open_listener()) if kind == "zero-downtime restart" else None
        chosen = {"workers": 2, "drain_lead": LEAD, **values}
        server = stack.enter_context(Server(production, chosen, listener=listener))

        def start_another() -> Server:
            return stack.enter_context(Server(production, chosen, listener=listener, token=server.token))

        begin(server, "its restarts were not tried")
        load = stack.enter_context(load_server(server))
        lasting = stack.enter_context(Lasting(server, load.closed))
        time.sleep(seconds)
        load.wait_for_answers()
        started, seen, faults = time.monotonic(), "", []
        try:
            seen = act(server, start_another, load)
        except AssertionError as fault:
            faults.append(str(fault))
        took = time.monotonic() - started
        time.sleep(seconds)
        count, ends = load.stop(), lasting.stop()
        rest = find_stall(request for request in load.requests() if request.finished < started)
        return Trial(kind, count, ends, took, seen, (*faults, *list_faults(kind, count, ends, rest)))


def begin(server: Server, otherwise: str) -> None:
    """Wait until it is ready; raises Refusal when it does not come, which has `otherwise` as its consequence."""
    try:
        become_ready(server)
    except AssertionError as fault:
        raise Refusal(
            f"The server does not become ready, so {otherwise}.",
            [(server.production.model.name, str(fault)), *(("server", line) for line in server.last_lines())],
            "Run `uv run noxfile.py -s prove`.",
            code=COULD_NOT_LOOK,
        ) from fault


def list_faults(kind: str, count: Count, lasting: Mapping[str, Mapping[str, int]], rest: float) -> Iterable[str]:
    """What is wrong with a trial; `rest` is the longest that anybody waited before it, in seconds."""
    if kind != "killed worker":
        if count.lost:
            yield f"{count.lost} of {count.sent} requests were lost"
        yield from (f"{ends[LOST]} of {sum(ends.values())} {what} were lost" for what, ends in lasting.items() if LOST in ends)
    if count.stall > max(STALL_SECONDS, STALL_TIMES * rest):
        yield f"somebody waited {count.stall:.2f} s, and {rest:.2f} s before it"


def lost_after(requests: Iterable[Request], gone: float) -> int:
    """Lost requests that a worker which was gone at that time did not hold: they are on connections opened later."""
    return sum(request.outcome != "answered" and request.opened > gone for request in requests)


def load_server(server: Server, clients: Clients | None = None) -> Load:
    """Ordinary requests and long ones; fewer, and not so long, where a process serves one at a time."""
    overlap = "overlap" in server.production.model.abilities
    chosen = clients or (MANY if overlap else FEW)
    return Load(server.port, ["/health/live", server.waiting(0)], server.waiting(200 if overlap else 50), chosen)
