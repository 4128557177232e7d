"""The service's own requests are answered, and where there is an event loop, none of them holds it unseen.

Which requests stands in the service's pyproject.toml: `[tool.lockstep] requests = ["/", "/hello/Ada"]`.
"""

import json
from http.client import HTTPConnection, HTTPException

from lockstep_serve import models as model
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.prove.expecting import expect, until
from lockstep_tool.prove.process import Server

__all__ = ["LOOP_STALL", "answers_own_requests", "has_loop", "names_who_holds_the_loop"]

LOOP_STALL = 0.1  # seconds that count as held while prove looks
BLOCK_MILLISECONDS = 200
PLANTED = "waiting.py"

Hold = dict[str, object]  # a line of the watch, parsed


def has_loop() -> bool:
    return "loop_stall" in model.VALUES


def answers_own_requests(server: Server) -> str:
    """Below 500, each; and none holds the loop time and again: the first import and a busy machine do so once."""
    paths = own_requests()
    if asked(server, paths):
        for path in paths:
            hold = asked(server, [path]) and asked(server, [path])
            expect(not hold, f"GET {path} holds the event loop for {hold.get('held_ms')} ms at {hold.get('where')}")
    return ", ".join(paths) + (": the event loop stays free" if has_loop() else "")


def asked(server: Server, paths: list[str]) -> Hold:
    """Ask once; what the watch over the loop said of it, empty when nothing.

    What it says comes later than the answer. So the loop is held on purpose afterwards, on the same connection and
    therefore in the same process: when that is told, everything is.
    """
    before = len(server.printed)
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        for path in paths:
            status = get(connection, path)
            expect(status < 500, f"GET {path} answered {status}")
        if not has_loop():
            return {}
        get(connection, server.blocking(BLOCK_MILLISECONDS))
    finally:
        connection.close()
    told = until_told(server, before)
    return next((hold for hold in told if PLANTED not in str(hold["where"])), {})


def get(connection: HTTPConnection, path: str) -> int:
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except HTTPException as error:
        raise ConnectionError(f"GET {path}: {type(error).__name__}: {error}") from error
    return answer.status


def names_who_holds_the_loop(server: Server) -> str:
    """A call that blocks is planted; the watch over the loop says how long it was held, and by which line."""
    before = len(server.printed)
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    get(connection, server.blocking(BLOCK_MILLISECONDS))
    connection.close()
    hold = until_told(server, before)[-1]
    expect(PLANTED in str(hold["where"]), f"it names {hold['where']}, not the planted call")
    return f"{hold['held_ms']} ms at {str(hold['where']).partition(':')[0]}"


def until_told(server: Server, since: int) -> list[Hold]:
    """Wait until a hold is told that is as long as the planted one; all that were told since then."""
    until(
        lambda: any(float(str(hold["held_ms"])) > BLOCK_MILLISECONDS * 0.8 for hold in holds(server, since)),
        5,
        lambda: f"the event loop was held for {BLOCK_MILLISECONDS} ms, and its watch says nothing",
    )
    return holds(server, since)


def holds(server: Server, since: int) -> list[Hold]:
    """What the watch over the loop has said."""
    said = []
    for line in server.lines()[since:]:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and record.get("logger") == "lockstep.loop" and "held_ms" in record:
            said.append(record)
    return said
