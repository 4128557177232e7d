"""A server comes, answers, is the environment that it says, and runs as much at once as its model promises."""

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

from lockstep_serve import models as model
from lockstep_serve.client import get
from lockstep_serve.identity import identity
from lockstep_serve.serving import in_force
from lockstep_tool.prove.expecting import expect
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.slow import SlowClients

__all__ = ["answers", "is_this_environment", "overlap_promise", "overlaps", "refuses", "stands_slow_clients"]

WAIT_MILLISECONDS = 200
WORKERS_SECONDS = 5.0
OVERLAPPING = 4
SLOW, ORDINARY = 50, 20
FULL_MILLISECONDS = 400


def answers(server: Server) -> str:
    live, unknown = get(server.port, "/health/live"), get(server.port, f"/{secrets.token_hex(6)}")
    expect(live.status == 200, f"GET /health/live answered {live.status}")
    expect(unknown.status == 404, f"an unknown path answered {unknown.status}, not 404")
    return "live 200, unknown path 404"


def is_this_environment(server: Server) -> str:
    said = json.loads(get(server.port, "/version").body).get("environment")
    expect(said == identity().environment, f"/version says {said}, this environment is {identity().environment}")
    return str(said)


def overlapping() -> int:
    """How many requests to send at once: what the model promises to run at once, within reason."""
    return min(OVERLAPPING, model.slots(in_force()))


def overlap_promise() -> str:
    return f"lets {overlapping()} slow requests overlap" if overlapping() > 1 else "queues slow requests"


def overlaps(server: Server) -> str:
    """N requests that each wait take about one wait when they overlap, N when they queue.

    Asked again for a while: the service is ready with its first worker, and the others are still on their way.
    """
    count, one, until = overlapping(), WAIT_MILLISECONDS / 1000, time.monotonic() + WORKERS_SECONDS
    took = together(server, count)
    while took >= one * (1 + count) / 2 and time.monotonic() < until:
        took = together(server, count)
    expect(count == 1 or took < one * (1 + count) / 2, f"{count} requests of {one} s took {took:.2f} s: they queued")
    return f"{count} of {one} s in {took:.2f} s"


def together(server: Server, count: int) -> float:
    """Seconds that this many requests take that are sent at once and each wait."""
    path, started = server.waiting(WAIT_MILLISECONDS), time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        got = list(pool.map(lambda _: get(server.port, path, timeout=30), range(count)))
    expect(all(answer.status == 200 for answer in got), f"answered {[answer.status for answer in got]}")
    return time.monotonic() - started


def stands_slow_clients(server: Server) -> str:
    """Connections that never get to the end of a request stop none of those that do."""
    longest, answered = 0.0, 0
    with SlowClients(server.port, SLOW):
        for _ in range(ORDINARY):
            started = time.monotonic()
            try:
                answered += get(server.port, "/health/live", timeout=2).status == 200
            except OSError:
                break
            longest = max(longest, time.monotonic() - started)
            time.sleep(1.2 / ORDINARY)  # so that each slow client sends on meanwhile
    expect(answered == ORDINARY, f"{answered} of {ORDINARY} requests were answered beside {SLOW} slow clients")
    return f"{answered} of {ORDINARY} answered beside {SLOW}, each within {longest:.2f} s"


def refuses(server: Server, limit: int) -> str:
    """Of three times what there is room for, that much is answered whole, and the others hear 503 without waiting.

    One less may be answered: the server may still have in hand what it has just answered.
    """

    def ask(_: int) -> tuple[int, float]:
        started = time.monotonic()
        return get(server.port, server.waiting(FULL_MILLISECONDS), timeout=30).status, time.monotonic() - started

    with ThreadPoolExecutor(3 * limit) as pool:
        asked = [pool.submit(ask, number) for number in range(3 * limit)]
        time.sleep(FULL_MILLISECONDS / 2000)
        live = get(server.port, "/health/live", timeout=5).status
        got = [one.result() for one in asked]
    statuses = [status for status, _ in got]
    served, refused = statuses.count(200), statuses.count(503)
    fitting = served + refused == len(got) and limit - 1 <= served <= limit
    expect(fitting, f"with room for {limit}, {len(got)} requests answered {sorted(statuses)}")
    waited = max(took for status, took in got if status == 503)
    expect(waited < FULL_MILLISECONDS / 1000, f"a refusal took {waited:.2f} s: it was piled up first")
    expect(live == 200, f"a full server answered {live} to /health/live")
    expect(get(server.port, server.waiting(0)).status == 200, "it refuses when there is room again")
    return f"room for {limit}: {served} answered, {refused} heard 503 within {waited:.2f} s"
