"""The service's own requests are answered, and where there is an event loop, none of them holds it unseen.

Which requests stands in the service's pyproject.toml: `[tool.lockstep] requests = ["/", "/hello/Ada"]`.
"""

from collections.abc import Iterable

from lockstep_tool.environments.asking import LimitedConnection
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.prove.client import skip_body
from lockstep_tool.prove.expecting import expect, patience, wait_until
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.production import Production
from lockstep_tool.prove.server_log import PLANTED, Record, read_holds

__all__ = ["LOOP_STALL", "answer_own_requests", "ask", "has_loop", "name_who_holds_the_loop"]

LOOP_STALL = 0.1  # seconds that count as held while prove looks
BLOCKS_MILLISECONDS = (200, 1000, 5000, 20_000)  # a longer one where the watch did not get to look
TOLD_SECONDS = 5
ROUNDS = 10


def has_loop(production: Production) -> bool:
    return "loop_stall" in production.definition.values


def name_who_holds_the_loop(server: Server) -> str:
    """A call that blocks is planted; the watch over the loop says how long it was held, and by which line."""
    [*_, hold] = holds_while_asking(server, [])
    return f"{hold['held_ms']} ms at {str(hold['where']).partition(':')[0]}"


def answer_own_requests(server: Server) -> str:
    """Below 500, each; and none holds the loop each time."""
    paths = own_requests(server.production.service)
    for path in paths if has_loop(server.production) else ():
        expect_free_loop(server, path)
    connection = LimitedConnection(server.port, patience())
    try:
        ask(connection, paths)
    finally:
        connection.close()
    return ", ".join(paths) + (": the event loop stays free" if has_loop(server.production) else "")


def expect_free_loop(server: Server, path: str) -> None:
    """A busy machine holds any loop anywhere, and a first import holds it once. So what counts is one line that holds it
    each time that the path is asked for, and never when another is.
    """
    accused: dict[str, Record] = {}
    for number in range(ROUNDS):
        found = {str(hold["where"]): hold for hold in holds_while_asking(server, [path]) if PLANTED not in hold["where"]}
        accused = {where: hold for where, hold in found.items() if not number or where in accused}
        if accused:
            for hold in holds_while_asking(server, [server.waiting(0)]):
                accused.pop(str(hold["where"]), None)
        if not accused:
            return
    [hold, *_] = accused.values()
    expect(False, f"GET {path} holds the event loop for {hold['held_ms']} ms at {hold['where']}")


def holds_while_asking(server: Server, paths: Iterable[str]) -> list[Record]:
    """Ask once; what the watch over the loop said meanwhile, the planted hold last.

    What it says comes later than the answer. So the loop is held on purpose afterwards, on the same connection and
    therefore in the same process: when that is told, everything is.
    """
    before = len(server.lines())
    connection = LimitedConnection(server.port, patience())

    def told() -> bool:
        return any(PLANTED in str(hold["where"]) for hold in read_holds(server.lines(before)))

    try:
        ask(connection, paths)
        for milliseconds in BLOCKS_MILLISECONDS:
            ask(connection, [server.blocking(milliseconds)])
            try:
                wait_until(told, lambda: "", lambda: TOLD_SECONDS)
            except AssertionError:
                continue
            holds = read_holds(server.lines(before))
            last = next(number for number, hold in enumerate(holds) if PLANTED in str(hold["where"]))
            return holds[: last + 1]
    finally:
        connection.close()
    raise AssertionError(f"the event loop was held for {BLOCKS_MILLISECONDS[-1]} ms, and its watch does not name the line")


def ask(connection: LimitedConnection, paths: Iterable[str]) -> None:
    """GET each, whose status is to be below 500."""
    for path in paths:
        try:
            connection.request("GET", path)
            status = skip_body(connection).status
        except OSError as error:
            raise AssertionError(f"GET {path}: {error}") from error
        expect(status < 500, f"GET {path} answered {status}")
