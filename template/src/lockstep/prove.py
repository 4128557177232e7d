# Lockstep's: the proof of a service by behaviour. Change it by `copier update`, not by hand.
"""Boot the production server from the production set and see it keep its promises; name the step that fails.

What is proved: it becomes ready, answers, knows its environment id, lets slow requests overlap as its model says,
turns readiness false and finishes the request in flight on SIGTERM, exits in time with its own code, and logs no error
on the way.
"""

import json
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lockstep import model
from lockstep.client import Answer, get
from lockstep.errors import Refusal
from lockstep.identity import identity
from lockstep.process import Server
from lockstep.serving import in_force

__all__ = ["prove"]

READY_SECONDS = 30
WAIT_MILLISECONDS = 200
FLIGHT_MILLISECONDS = 400
LEAD_SECONDS = 0.2  # long enough to be seen, short enough not to be waited for
OVERLAPPING = 4


def prove() -> None:
    """Raise Refusal with the failed step and the server's last lines; print one line a step otherwise."""
    token = secrets.token_hex(8)
    server = Server({"PORT": str(free_port()), "LOCKSTEP_PROVE": token, "SERVER_DRAIN_LEAD": str(LEAD_SECONDS)})
    wait = f"/.lockstep/{token}/wait/{WAIT_MILLISECONDS}"
    steps: list[tuple[str, Callable[[], str]]] = [
        ("becomes ready", lambda: ready(server)),
        ("answers", lambda: answers(server)),
        ("is this environment", lambda: is_this_environment(server)),
        (overlap_promise(), lambda: overlaps(server, wait)),
        ("drains on SIGTERM", lambda: drains(server, wait)),
        ("exits in time", lambda: exits(server)),
        ("logs no error", lambda: logs_no_error(server)),
    ]
    with server:
        for name, step in steps:
            try:
                said = step()
            except (AssertionError, OSError) as failure:
                server.kill()
                raise Refusal(
                    f"The service does not prove itself: {name}.",
                    [(model.MODEL, str(failure)), *(("server", line) for line in server.last_lines(12))],
                    "Start it by hand and look: `uv run noxfile.py -s serve`.",
                ) from failure
            print(f"  ✓ {name}: {said}", flush=True)


def expect(holds: bool, otherwise: str) -> None:
    """A step's own assertion: it must also hold under `python -O`."""
    if not holds:
        raise AssertionError(otherwise)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ready(server: Server) -> str:
    started, said = time.monotonic(), ""
    while time.monotonic() - started < READY_SECONDS:
        expect(server.running(), f"the server ended with exit code {server.code()} before it was ready")
        try:
            answer = get(server.port, "/health/ready", timeout=1)
            if answer.status == 200:
                return f"after {time.monotonic() - started:.2f} s"
            said = f"{answer.status} {answer.body[:200].decode(errors='replace')}"
        except OSError as error:
            said = str(error)
        time.sleep(0.01)
    raise AssertionError(f"not ready within {READY_SECONDS} s; last heard: {said}")


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


def overlaps(server: Server, wait: str) -> str:
    """N requests that each wait take about one wait when they overlap, N when they queue."""
    count = overlapping()
    started = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        got = list(pool.map(lambda _: get(server.port, wait, timeout=30), range(count)))
    took, one = time.monotonic() - started, WAIT_MILLISECONDS / 1000
    expect(all(answer.status == 200 for answer in got), f"answered {[answer.status for answer in got]}")
    expect(took < one * (1 + count) / 2, f"{count} requests of {one} s took {took:.2f} s: they queued")
    return f"{count} of {one} s in {took:.2f} s"


def drains(server: Server, wait: str) -> str:
    """SIGTERM with a request in flight: readiness turns false, the answer arrives whole."""
    flying: list[Answer | OSError] = []

    def fly() -> None:
        try:
            flying.append(get(server.port, wait.replace(str(WAIT_MILLISECONDS), str(FLIGHT_MILLISECONDS)), timeout=30))
        except OSError as error:
            flying.append(error)

    thread = threading.Thread(target=fly)
    thread.start()
    time.sleep(0.1)  # the request is on its way, not yet answered
    server.signal(signal.SIGTERM)
    refused = turned_false(server)
    thread.join()
    [answer] = flying
    expect(isinstance(answer, Answer), f"the request in flight was lost: {answer}")
    expect(
        isinstance(answer, Answer) and answer.status == 200 and answer.body == b"waited",
        "the answer in flight is not whole",
    )
    expect(refused, f"readiness stayed 200 for {LEAD_SECONDS} s after SIGTERM")
    return "readiness false first, the request in flight answered"


def turned_false(server: Server) -> bool:
    """Whether readiness answers 503 within the lead."""
    until = time.monotonic() + LEAD_SECONDS
    while time.monotonic() < until:
        try:
            if get(server.port, "/health/ready", timeout=1).status == 503:
                return True
        except OSError:
            return False
        time.sleep(0.01)
    return False


def exits(server: Server) -> str:
    grace = in_force().grace
    took = server.wait(grace)
    expect(took is not None, f"still running {grace} s after SIGTERM")
    expect(server.code() in model.EXIT_CODES, f"exit code {server.code()}, not one of {sorted(model.EXIT_CODES)}")
    return f"{took:.2f} s after the answer, code {server.code()}"


def logs_no_error(server: Server) -> str:
    bad = [line for line in server.lines() if is_error(line)]
    expect(not bad, f"logged {bad[0][:300] if bad else ''}")
    return f"{len(server.lines())} lines"


def is_error(line: str) -> bool:
    """An ERROR or worse in a JSON line; outside JSON, an error's or a traceback's usual words."""
    try:
        level = json.loads(line).get("level", "")
    except (ValueError, AttributeError):
        return "Traceback" in line or "[ERROR]" in line or "Error:" in line
    return str(level).upper() in {"ERROR", "CRITICAL"}
