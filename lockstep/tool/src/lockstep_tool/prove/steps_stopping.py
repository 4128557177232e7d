"""A server that is told to stop says so first, finishes what it has, exits in time, and has logged no error."""

import json
import signal
import threading
import time

from lockstep_serve import models as model
from lockstep_serve.client import Answer, get
from lockstep_serve.serving import in_force
from lockstep_tool.prove.expecting import expect
from lockstep_tool.prove.process import Server

__all__ = ["drains", "exits", "logs_no_error"]

BEYOND_MILLISECONDS = 300


def drains(server: Server, lead: float) -> str:
    """SIGTERM with a request in flight, which outlasts the lead: readiness turns false, the answer arrives whole."""
    flying: list[Answer | OSError] = []

    def fly() -> None:
        try:
            flying.append(get(server.port, server.waiting(int(lead * 1000) + BEYOND_MILLISECONDS), timeout=30))
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
