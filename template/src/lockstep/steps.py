# Lockstep's: the steps of the proof. Change it by `copier update`, not by hand.
"""What a running server is put through, in order: each step says what it saw, or raises AssertionError with it."""

import json
import secrets
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lockstep import model
from lockstep.client import Answer, get
from lockstep.identity import identity
from lockstep.process import Server
from lockstep.serving import in_force

__all__ = ["of"]

READY_SECONDS = 30
WAIT_MILLISECONDS = 200
FLIGHT_MILLISECONDS = 400
OVERLAPPING = 4


def of(server: Server, waiting: str, lead: float) -> list[tuple[str, Callable[[], str]]]:
    """Names and steps; `GET <waiting>/<milliseconds>` waits, `lead` is the server's lead in seconds."""
    return [
        ("becomes ready", lambda: ready(server)),
        ("answers", lambda: answers(server)),
        ("is this environment", lambda: is_this_environment(server)),
        (overlap_promise(), lambda: overlaps(server, waiting)),
        ("drains on SIGTERM", lambda: drains(server, waiting, lead)),
        ("exits in time", lambda: exits(server)),
        ("logs no error", lambda: logs_no_error(server)),
    ]


def expect(holds: bool, otherwise: str) -> None:
    """A step's own assertion: it must also hold under `python -O`."""
    if not holds:
        raise AssertionError(otherwise)


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


def overlaps(server: Server, waiting: str) -> str:
    """N requests that each wait take about one wait when they overlap, N when they queue."""
    count = overlapping()
    started = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        got = list(pool.map(lambda _: get(server.port, f"{waiting}/{WAIT_MILLISECONDS}", timeout=30), range(count)))
    took, one = time.monotonic() - started, WAIT_MILLISECONDS / 1000
    expect(all(answer.status == 200 for answer in got), f"answered {[answer.status for answer in got]}")
    expect(took < one * (1 + count) / 2, f"{count} requests of {one} s took {took:.2f} s: they queued")
    return f"{count} of {one} s in {took:.2f} s"


def drains(server: Server, waiting: str, lead: float) -> str:
    """SIGTERM with a request in flight: readiness turns false, the answer arrives whole."""
    flying: list[Answer | OSError] = []

    def fly() -> None:
        try:
            flying.append(get(server.port, f"{waiting}/{FLIGHT_MILLISECONDS}", timeout=30))
        except OSError as error:
            flying.append(error)

    thread = threading.Thread(target=fly)
    thread.start()
    time.sleep(0.1)  # the request is on its way, not yet answered
    server.signal(signal.SIGTERM)
    refused = turned_false(server, lead)
    thread.join()
    [answer] = flying
    expect(isinstance(answer, Answer), f"the request in flight was lost: {answer}")
    expect(
        isinstance(answer, Answer) and answer.status == 200 and answer.body == b"waited",
        "the answer in flight is not whole",
    )
    expect(refused, f"readiness stayed 200 for {lead} s after SIGTERM")
    return "readiness false first, the request in flight answered"


def turned_false(server: Server, lead: float) -> bool:
    """Whether readiness answers 503 within the lead."""
    until = time.monotonic() + lead
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
