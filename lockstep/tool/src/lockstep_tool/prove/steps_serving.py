"""A server comes, answers, is the environment that is declared, and has as much in hand at once as its model says."""

import json
import secrets
from contextlib import ExitStack

from lockstep_tool.prove.client import get
from lockstep_tool.prove.expecting import expect, patience, patience_with_starts, wait_until
from lockstep_tool.prove.in_hand import WHOLE, Holding, Sent, fill
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.production import Production
from lockstep_tool.prove.slow import SlowClients

__all__ = [
    "answer_requests",
    "be_this_environment",
    "become_ready",
    "count_overlapping",
    "overlap_requests",
    "refuse_requests",
    "stand_slow_clients",
]

ASK_SECONDS = 2.0  # then it is asked again: a server that was killed leaves a socket that takes connections
OVERLAPPING, FOLLOWING = 4, 24
SLOW, ORDINARY = 50, 20


def become_ready(server: Server) -> float:
    """Wait until it takes traffic; returns the seconds that it took."""
    heard = "nothing"

    def takes_traffic() -> bool:
        nonlocal heard
        expect(server.running(), f"the server ended with exit code {server.code()} before it was ready")
        try:
            answer = get(server.port, "/health/ready", timeout=ASK_SECONDS)
        except OSError as error:
            heard = str(error)
            return False
        heard = f"{answer.status} {answer.body[:200].decode(errors='replace')}"
        return answer.status == 200

    server.boot = wait_until(
        takes_traffic, lambda: f"not ready within {patience_with_starts():g} s; last heard: {heard}", patience_with_starts
    )
    return server.boot


def answer_requests(server: Server) -> str:
    """Liveness is 200, and a path that nobody made is 404: or what answers for every path says, and never an error."""
    live = get(server.port, "/health/live", timeout=patience())
    unknown = get(server.port, f"/{secrets.token_hex(6)}", timeout=patience())
    expect(live.status == 200, f"GET /health/live answered {live.status}")
    expect(unknown.status < 500, f"an unknown path answered {unknown.status}, not 404")
    return f"live 200, unknown path {unknown.status}"


def be_this_environment(server: Server) -> str:
    """/version says the environment id that the repository declares."""
    answer, declared = get(server.port, "/version", timeout=patience()), server.production.environment
    expect(answer.status == 200, f"GET /version answered {answer.status}")
    try:
        said = json.loads(answer.body)["environment"]
    except (ValueError, LookupError, TypeError) as error:
        raise AssertionError(f"GET /version names no environment: {answer.body[:200].decode(errors='replace')}") from error
    expect(said == declared, f"/version says {said}, uv.lock and the source declare {declared}")
    return str(said)


def count_overlapping(production: Production) -> int:
    """How many requests are to be in hand at once: what the model does at once, within reason."""
    return min(OVERLAPPING, production.model.slots(production.definition))


def queues(production: Production) -> bool:
    """Whether one of several processes may take a connection that it has no thread for, while another one is free."""
    model = production.model
    return model.interface == "WSGI" and bool(model.at_once) and model.processes(production.definition)[0] > 1


def overlap_requests(server: Server) -> str:
    """All are in hand before the first is let go; then each is answered whole."""
    count = count_overlapping(server.production)
    with ExitStack() as stack:
        holding = stack.enter_context(Holding())
        requests = fill(stack, server, holding, count, more=FOLLOWING if queues(server.production) else 0)
        holding.let_all_go(requests)
        answers = [request.read() for request in requests]
    others = [answer for answer in answers if answer != WHOLE]  # what followed may have come to a process that is full
    fits = answers.count(WHOLE) >= count and all(answer.status == 503 for answer in others)
    expect(fits, f"answered {[answer.status for answer in answers]}")
    return f"{count} in hand at once"


def stand_slow_clients(server: Server) -> str:
    """Connections that never get to the end of a request stop none of those that do."""
    answered = 0
    with SlowClients(server.port, SLOW) as clients:
        while answered < ORDINARY:
            clients.send_on()
            try:
                status = get(server.port, "/health/live", timeout=patience()).status
            except OSError:
                break
            expect(status == 200, f"GET /health/live answered {status}")
            answered += 1
    expect(answered == ORDINARY, f"{answered} of {ORDINARY} requests were answered beside {SLOW} slow clients")
    return f"{answered} of {ORDINARY} answered beside {SLOW}"


def refuse_requests(server: Server, room: int) -> str:
    """When what it has room for is in hand, it answers others with 503 and does not pile them up, and health with 200."""
    with ExitStack() as stack:
        holding = stack.enter_context(Holding())
        served = fill(stack, server, holding, room)
        others = [stack.enter_context(Sent(server.port, holding.path(server))) for _ in range(2 * room)]

        def waiting() -> int:
            return sum(not other.is_answered() for other in others)

        wait_until(
            lambda: not waiting() or holding.count() > room,
            lambda: f"with room for {room}, it lets {waiting()} more wait instead of refusing them",
        )
        expect(holding.count() == room, f"with room for {room}, it has {holding.count()} in hand")
        statuses = [other.read().status for other in others]
        live = stack.enter_context(Sent(server.port, "/health/live"))
        # It comes after the request for health: when it is refused, that one is let in or refused as well.
        statuses.append(stack.enter_context(Sent(server.port, holding.path(server))).read().status)
        holding.let_go()
        answers = [request.read() for request in served]
        health = live.read().status
    expect(set(statuses) == {503}, f"with room for {room}, the others are answered {sorted(statuses)}")
    expect(all(answer == WHOLE for answer in answers), f"answered {[answer.status for answer in answers]}")
    expect(health == 200, f"a full server answered {health} to /health/live")
    wait_until(
        lambda: get(server.port, server.waiting(0), timeout=patience()) == WHOLE,
        lambda: "it refuses when there is room again",
    )
    return f"room for {room}: {len(answers)} answered, {len(statuses)} heard 503 meanwhile"
