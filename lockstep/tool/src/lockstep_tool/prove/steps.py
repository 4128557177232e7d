"""What servers of this service are put through, in order, as far as their model has it.

One server goes from its start to its stop. Others are proved beside it, at the same time: what is done to them must not
be seen in its log, or takes settings of their own.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lockstep_tool.environments.answers import ask_server
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.prove import remedies, steps_clients, steps_loop, steps_process, steps_restarts, steps_serving, steps_stopping
from lockstep_tool.prove.passed_socket import open_listener
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.production import Production

__all__ = [
    "Other",
    "Step",
    "become_ready",
    "list_first",
    "list_last",
    "list_missing",
    "list_others",
    "list_unseen",
    "values_of_main",
]

LEAD_SECONDS = 0.5  # short enough not to be waited for; where it is too short to be seen, a longer one is tried
ROOM = 4  # requests that the server has room for that is to refuse some
SHARE = 80  # requests that a worker serves where recycling is seen


@dataclass(frozen=True)
class Step:
    """What it shows, the act, and what to do when it fails. The act returns what it saw, or raises AssertionError with it."""

    name: str
    act: Callable[[], str]
    fix: str


# What enters a server of its own into the stack, and the steps that it goes through when it is ready.
Other = Callable[[Production, ExitStack], tuple[Server, list[Step]]]


def values_of_main(production: Production) -> dict[str, object]:
    """With a worker and a thread at least that have nothing in hand beside the one that has: they answer for health."""
    definition = production.definition
    threads = definition.threads if "threads" in definition.values else 1
    return {
        "workers": max(2, production.model.processes(definition)[0]),
        "threads": max(2, threads),
        "drain_lead": LEAD_SECONDS,
        "loop_stall": steps_loop.LOOP_STALL,
    }


def become_ready(server: Server) -> Step:
    return Step("becomes ready", lambda: f"after {steps_serving.become_ready(server):.2f} s", remedies.BY_HAND)


def list_first(server: Server, answers: dict[str, object]) -> Iterator[Step]:
    """Once it is ready. `answers` takes what it answers to its own requests."""
    production = server.production
    yield Step("answers", lambda: steps_serving.answer_requests(server), remedies.ROUTES)
    yield Step("is this environment", lambda: steps_serving.be_this_environment(server), remedies.ENVIRONMENT)
    yield Step("keeps search path and time zone", lambda: steps_process.keep_surroundings(server), remedies.SURROUNDINGS)
    count = steps_serving.count_overlapping(production)
    overlap = f"lets {count} slow requests overlap" if count > 1 else "answers a slow request"
    yield Step(overlap, lambda: steps_serving.overlap_requests(server), remedies.OVERLAP)
    if steps_loop.has_loop(production):
        yield Step("names who holds the event loop", lambda: steps_loop.name_who_holds_the_loop(server), remedies.WATCH)
    if own_requests(production.service):
        yield Step("answers its own requests", lambda: steps_loop.answer_own_requests(server), remedies.OWN)
    if steps_process.can_list_files():
        yield Step("leaves no file open", lambda: steps_process.leave_no_file_open(server), remedies.FILES)
    yield Step("keeps its answers for parity", lambda: keep_answers(server, answers), remedies.OWN)


def keep_answers(server: Server, answers: dict[str, object]) -> str:
    answers.update(ask_server(server))
    return f"{len(answers)} answers"


def list_last(server: Server) -> Iterator[Step]:
    """To the end."""
    if "slow clients" in server.production.model.abilities:
        yield Step("stands slow clients", lambda: steps_serving.stand_slow_clients(server), remedies.HELD)
    yield Step("drains on SIGTERM", lambda: steps_stopping.drain_requests(server), remedies.STOP)
    yield Step("exits in time", lambda: steps_stopping.end_in_time(server), remedies.END)
    yield Step("logs no error", lambda: steps_stopping.log_no_error(server), remedies.ERRORS)
    yield Step("logs nothing but JSON", lambda: steps_stopping.log_only_records(server), remedies.TEXT)


def list_missing(production: Production) -> str:
    """What the model cannot do and somebody else must."""
    stands = "slow clients" in production.model.abilities
    return "" if stands else "needs a buffering proxy: slow clients hold its workers"


def list_unseen() -> str:
    """What cannot be looked at on this system."""
    seen = {"files that stay open": steps_process.can_list_files(), "silent clients": steps_process.can_limit_files()}
    unseen = [what for what, is_seen in seen.items() if not is_seen]
    return f"not looked at, because this system cannot: {', '.join(unseen)}" if unseen else ""


def list_others(production: Production) -> list[Other]:
    """The servers that are proved beside the main one."""
    abilities = production.model.abilities
    return [*([refuse] if "refuse" in abilities else []), *([reload] if "reload" in abilities else []), follow, leave]


def refuse(production: Production, stack: ExitStack) -> tuple[Server, list[Step]]:
    values = {"workers": 1, "concurrency": ROOM, "threads": ROOM, "queue": 0, "keep_alive": 1}
    server = stack.enter_context(Server(production, values))
    steps = [Step("refuses what is too much", lambda: steps_serving.refuse_requests(server, ROOM), remedies.ROOM_FOR)]
    if "slow clients" in production.model.abilities and steps_process.can_limit_files():
        steps += [Step("outlives silent clients", lambda: steps_process.outlive_silent_clients(server), remedies.SILENT)]
    return server, steps


def reload(production: Production, stack: ExitStack) -> tuple[Server, list[Step]]:
    releases = Path(stack.enter_context(TemporaryDirectory()))
    server = stack.enter_context(Server(production, {"workers": 1}, searched_first=releases))
    steps = [
        Step("a broken reload changes nothing", lambda: steps_restarts.refuse_broken_release(server, releases), remedies.HOOKS),
        Step("a reload loses nothing", lambda: steps_restarts.reload_workers(server, releases), remedies.HOOKS),
    ]
    if "replace" in production.model.abilities:
        steps += [Step("a killed worker comes back", lambda: steps_restarts.kill_worker(server), remedies.HOOKS)]
    return server, steps


def follow(production: Production, stack: ExitStack) -> tuple[Server, list[Step]]:
    listener = stack.enter_context(open_listener())
    values = {"workers": 1, "drain_lead": 0, "max_requests": SHARE}
    server = stack.enter_context(Server(production, values, listener=listener))

    def start_successor() -> Server:
        return stack.enter_context(Server(production, {"workers": 1}, listener=listener, token=server.token))

    steps = [
        Step(
            "a zero-downtime restart loses nothing", lambda: steps_restarts.succeed_server(server, start_successor), remedies.STOP
        )
    ]
    if "recycle" in production.model.abilities:
        steps = [Step("recycling loses nothing", lambda: steps_restarts.recycle_workers(server), remedies.HOOKS), *steps]
    return server, steps


def leave(production: Production, stack: ExitStack) -> tuple[Server, list[Step]]:
    limits = {"max_body_bytes": steps_clients.MOST_BYTES, "max_header_bytes": steps_clients.MOST_HEADER_BYTES}
    values = {"workers": 1, "drain_lead": 0, "drain": 2, **limits}
    server = stack.enter_context(Server(production, values))
    return server, [
        Step("explains what it refuses", lambda: steps_clients.explain_refusals(server), remedies.LAYER),
        Step("lets clients leave", lambda: steps_clients.let_clients_leave(server), remedies.LAYER),
        Step("ends what is open", lambda: steps_clients.end_what_is_open(server), remedies.LAYER),
    ]
