"""Ask a server in the same network namespace, and say what came as lines of JSON; goes into a container by standard
input.

One file, standard library only, so that the image needs nothing for it: `… python -B - '{"port": 8000, …}'`.
The request that is in flight is let go when the server knows that it is to stop, not after a time.
"""

import http.client
import json
import socket
import subprocess
import sys
import time
from typing import Any

BEAT = 1.0  # seconds between two signs of life while the server is not ready
LAST = 60.0  # seconds after which nobody waits for it any more


def get(port: int, path: str, seconds: float) -> tuple[int, str]:
    """Status and body; raises OSError, or HTTPException for an answer that breaks off."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def becomes_ready(port: int) -> bool:
    """Whether it does within a minute; whoever started this ends it when the server has ended."""
    started = beat = time.monotonic()
    while time.monotonic() < started + LAST:
        try:
            if get(port, "/health/ready", 5)[0] == 200:
                return True
        except (OSError, http.client.HTTPException):
            pass
        if time.monotonic() > beat + BEAT:
            beat = time.monotonic()
            say(waiting=True)
        time.sleep(0.02)
    return False


def await_stop(port: int, seconds: float) -> None:
    """Until it takes no traffic any more, is gone, or does not say for so long: its one process may have that request."""
    try:
        while get(port, "/health/ready", seconds)[0] == 200:
            time.sleep(0.02)
    except (OSError, http.client.HTTPException):
        pass


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def ask(question: dict[str, Any]) -> None:
    """Wait until it is ready, run the image's own health check, and hold a request in flight until the server is to stop."""
    if not becomes_ready(question["port"]):
        return
    try:
        healthy: object = subprocess.run(question["health"], check=False, timeout=30).returncode if question["health"] else 0
    except (OSError, subprocess.TimeoutExpired) as error:
        healthy = f"{type(error).__name__}: {error}"
    say(ready=True, healthy=healthy)
    connection = http.client.HTTPConnection("127.0.0.1", question["port"], timeout=LAST)
    try:
        with socket.create_server(("127.0.0.1", 0)) as gate:
            gate.settimeout(LAST)
            connection.request("GET", f"{question['prefix']}hold/{gate.getsockname()[1]}")
            with gate.accept()[0]:
                say(flying=True)
                await_stop(question["port"], question["patience"])
        with connection.getresponse() as answer:
            say(status=answer.status, body=answer.read().decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        say(status=0, body=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    ask(json.loads(sys.argv[1]))
