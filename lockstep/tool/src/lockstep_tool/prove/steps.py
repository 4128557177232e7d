"""What servers of this service are put through, in order, as far as their model has it.

One server goes from its start to its stop. Others are proved beside it, at the same time: what is done to them must not
be seen in its log, or takes settings of their own.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lockstep_serve import models as model
from lockstep_tool.environments import answers
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.prove import steps_loop, steps_restarts, steps_serving, steps_stopping
from lockstep_tool.prove.handing_over import listening_socket
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.trials import ready
from lockstep_tool.stand_ins import RUN

__all__ = ["Step", "becomes_ready", "beside", "first", "last", "missing"]

ROOM = 4  # requests that the server has room for that is to refuse some
SHARE = 80  # requests that a worker serves where recycling is seen


@dataclass(frozen=True)
class Step:
    """What it shows, and the act; it returns what it saw, or raises AssertionError with it."""

    name: str
    act: Callable[[], str]


def becomes_ready(server: Server) -> Step:
    return Step("becomes ready", lambda: f"after {ready(server):.2f} s")


def first(server: Server) -> Iterator[Step]:
    """From the start on; these have the machine for themselves."""
    yield becomes_ready(server)
    yield Step("answers", lambda: steps_serving.answers(server))
    yield Step("is this environment", lambda: steps_serving.is_this_environment(server))
    yield Step(steps_serving.overlap_promise(), lambda: steps_serving.overlaps(server))
    if steps_loop.has_loop():
        yield Step("names who holds the event loop", lambda: steps_loop.names_who_holds_the_loop(server))
    if own_requests():
        yield Step("answers its own requests", lambda: steps_loop.answers_own_requests(server))
    if RUN in os.environ:
        yield Step("keeps its answers for parity", lambda: answers.keep_those_of(server))


def last(server: Server, lead: float) -> Iterator[Step]:
    """To the end, while others are proved beside it: there is more waiting in these than work."""
    if "slow clients" in model.ABILITIES:
        yield Step("stands slow clients", lambda: steps_serving.stands_slow_clients(server))
    yield Step("drains on SIGTERM", lambda: steps_stopping.drains(server, lead))
    yield Step("exits in time", lambda: steps_stopping.exits(server))
    yield Step("logs no error", lambda: steps_stopping.logs_no_error(server))


def missing() -> str:
    """What the model cannot do and somebody else must."""
    return "" if "slow clients" in model.ABILITIES else "needs a buffering proxy: slow clients hold its workers"


def beside() -> list[Callable[[ExitStack], tuple[Server, list[Step]]]]:
    """Each enters a server of its own, and says what is done to it when it is ready."""
    return [
        *([refusing] if "refuse" in model.ABILITIES else []),
        *([reloading] if "reload" in model.ABILITIES else []),
        following,
    ]


def refusing(stack: ExitStack) -> tuple[Server, list[Step]]:
    server = stack.enter_context(Server({"workers": 1, "concurrency": ROOM, "threads": ROOM, "queue": 0}))
    return server, [Step("refuses what is too much", lambda: steps_serving.refuses(server, ROOM))]


def reloading(stack: ExitStack) -> tuple[Server, list[Step]]:
    releases = Path(stack.enter_context(TemporaryDirectory()))
    server = stack.enter_context(Server({"workers": 1}, searched_first=releases))
    steps = [
        Step("a broken reload changes nothing", lambda: steps_restarts.broken_reload(server, releases)),
        Step("a reload loses nothing", lambda: steps_restarts.reload(server)),
    ]
    if "replace" in model.ABILITIES:
        steps += [Step("a killed worker comes back", lambda: steps_restarts.kill_worker(server))]
    return server, steps


def following(stack: ExitStack) -> tuple[Server, list[Step]]:
    listener = stack.enter_context(listening_socket())
    values = {"workers": 1, "drain_lead": 0, "max_requests": SHARE}
    server = stack.enter_context(Server(values, handed_over=listener))

    def hand_over() -> str:
        successor = stack.enter_context(Server({"workers": 1}, handed_over=listener, token=server.token))
        return steps_restarts.hand_over(server, successor)

    steps = [Step("a hand-over loses nothing", hand_over)]
    if "recycle" in model.ABILITIES:
        steps = [Step("recycling loses nothing", lambda: steps_restarts.recycle(server)), *steps]
    return server, steps
