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
from lockstep_tool.prove import steps_loop, steps_process, steps_restarts, steps_serving, steps_stopping
from lockstep_tool.prove.passed_socket import open_listener
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.production import Production

__all__ = ["Other", "Step", "become_ready", "list_first", "list_last", "list_missing", "list_others", "values_of_main"]

LEAD_SECONDS = 0.5  # short enough not to be waited for; where it is too short to be seen, a longer one is tried
ROOM = 4  # requests that the server has room for that is to refuse some
SHARE = 80  # requests that a worker serves where recycling is seen

# What to do about a step that fails.
BY_HAND = "Start it by hand and look: `uv run noxfile.py -s serve`."
ROUTES = f"Look at the routes of /health/live and of unknown paths. {BY_HAND}"
ENVIRONMENT = "Run `uv run noxfile.py -s parity`, which compares what is installed with what is locked."
SURROUNDINGS = (
    "Take out what changes them when the service is imported: packages come from pyproject.toml, and the zone from the "
    "environment. Django sets TIME_ZONE, which is America/Chicago when nobody states it: state UTC, or the one that you want "
    "as `time-zone` of [tool.lockstep] in pyproject.toml."
)
OVERLAP = "Look for a lock, or for a call that blocks, that every request passes: a middleware, a dependency, one connection."
WATCH = "Leave the event loop and the logger `lockstep.loop` as they are: a loop that is held is then named by its line."
OWN = (
    "Ask for that path while `uv run noxfile.py -s serve` runs. A path that never ends, such as a stream of events, does not "
    "belong in `requests` of pyproject.toml."
)
FILES = "Close what a request opens, whatever happens in it: `with open(…) as file:`, `with httpx.Client() as client:`."
HELD = "Look for what waits for a whole request before others get their turn: a lock in a middleware, a limit of connections."
SILENT = "Leave the server's own limits as they are: a connection on which nothing comes must be closed after `keep_alive`."
STOP = "Look for a signal handler or an exit of the service's own: the server stops it, and `worker` cleans up after it."
END = "Look for what outlives the last answer: a thread that is no daemon, a function of `atexit`, a `worker` that waits."
ERRORS = "Mend what it logs; what is no error, log as a warning."
TEXT = "Log what is printed: `logging.getLogger(__name__).info(…)`. Whoever collects the log reads one JSON object a line."
ROOM_FOR = "Leave the gate around the service as it is: `concurrency`, `threads` and `queue` of server.toml bound what runs."
HOOKS = "Look for what the service does when a process of its begins or ends: a fork, a signal handler, an exit, its `worker`."


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
    return Step("becomes ready", lambda: f"after {steps_serving.become_ready(server):.2f} s", BY_HAND)


def list_first(server: Server, answers: dict[str, object]) -> Iterator[Step]:
    """Once it is ready. `answers` takes what it answers to its own requests."""
    production = server.production
    yield Step("answers", lambda: steps_serving.answer_requests(server), ROUTES)
    yield Step("is this environment", lambda: steps_serving.be_this_environment(server), ENVIRONMENT)
    yield Step("keeps search path and time zone", lambda: steps_process.keep_surroundings(server), SURROUNDINGS)
    count = steps_serving.count_overlapping(production)
    overlap = f"lets {count} slow requests overlap" if count > 1 else "answers a slow request"
    yield Step(overlap, lambda: steps_serving.overlap_requests(server), OVERLAP)
    if steps_loop.has_loop(production):
        yield Step("names who holds the event loop", lambda: steps_loop.name_who_holds_the_loop(server), WATCH)
    if own_requests(production.service):
        yield Step("answers its own requests", lambda: steps_loop.answer_own_requests(server), OWN)
    if steps_process.can_list_files():
        yield Step("leaves no file open", lambda: steps_process.leave_no_file_open(server), FILES)
    yield Step("keeps its answers for parity", lambda: keep_answers(server, answers), OWN)


def keep_answers(server: Server, answers: dict[str, object]) -> str:
    answers.update(ask_server(server))
    return f"{len(answers)} answers"


def list_last(server: Server) -> Iterator[Step]:
    """To the end."""
    if "slow clients" in server.production.model.abilities:
        yield Step("stands slow clients", lambda: steps_serving.stand_slow_clients(server), HELD)
    yield Step("drains on SIGTERM", lambda: steps_stopping.drain_requests(server), STOP)
    yield Step("exits in time", lambda: steps_stopping.end_in_time(server), END)
    yield Step("logs no error", lambda: steps_stopping.log_no_error(server), ERRORS)
    yield Step("logs nothing but JSON", lambda: steps_stopping.log_only_records(server), TEXT)


def list_missing(production: Production) -> str:
    """What the model cannot do and somebody else must."""
    stands = "slow clients" in production.model.abilities
    return "" if stands else "needs a buffering proxy: slow clients hold its workers"


def list_others(production: Production) -> list[Other]:
    """The servers that are proved beside the main one."""
    abilities = production.model.abilities
    return [*([refuse] if "refuse" in abilities else []), *([reload] if "reload" in abilities else []), follow]


def refuse(production: Production, stack: ExitStack) -> tuple[Server, list[Step]]:
    values = {"workers": 1, "concurrency": ROOM, "threads": ROOM, "queue": 0, "keep_alive": 1}
    server = stack.enter_context(Server(production, values))
    steps = [Step("refuses what is too much", lambda: steps_serving.refuse_requests(server, ROOM), ROOM_FOR)]
    if "slow clients" in production.model.abilities and steps_process.can_limit_files():
        steps += [Step("outlives silent clients", lambda: steps_process.outlive_silent_clients(server), SILENT)]
    return server, steps


def reload(production: Production, stack: ExitStack) -> tuple[Server, list[Step]]:
    releases = Path(stack.enter_context(TemporaryDirectory()))
    server = stack.enter_context(Server(production, {"workers": 1}, searched_first=releases))
    steps = [
        Step("a broken reload changes nothing", lambda: steps_restarts.refuse_broken_release(server, releases), HOOKS),
        Step("a reload loses nothing", lambda: steps_restarts.reload_workers(server, releases), HOOKS),
    ]
    if "replace" in production.model.abilities:
        steps += [Step("a killed worker comes back", lambda: steps_restarts.kill_worker(server), HOOKS)]
    return server, steps


def follow(production: Production, stack: ExitStack) -> tuple[Server, list[Step]]:
    listener = stack.enter_context(open_listener())
    values = {"workers": 1, "drain_lead": 0, "max_requests": SHARE}
    server = stack.enter_context(Server(production, values, listener=listener))

    def start_successor() -> Server:
        return stack.enter_context(Server(production, {"workers": 1}, listener=listener, token=server.token))

    steps = [Step("a zero-downtime restart loses nothing", lambda: steps_restarts.succeed_server(server, start_successor), STOP)]
    if "recycle" in production.model.abilities:
        steps = [Step("recycling loses nothing", lambda: steps_restarts.recycle_workers(server), HOOKS), *steps]
    return server, steps
