"""Ask a server in the same network namespace, and say what came as lines of JSON; goes into a container by standard
input.

One file, standard library only, so that the image needs nothing for it: `… python -B - '{"port": 8000, …}'`.
"""

import http.client
import json
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


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def ask(question: dict[str, Any]) -> None:
    """Wait until it is ready, run the image's own health check, and leave a request in flight until it is answered."""
    if not becomes_ready(question["port"]):
        return
    try:
        healthy: object = subprocess.run(question["health"], check=False, timeout=30).returncode if question["health"] else 0
    except (OSError, subprocess.TimeoutExpired) as error:
        healthy = f"{type(error).__name__}: {error}"
    say(ready=True, healthy=healthy)
    connection = http.client.HTTPConnection("127.0.0.1", question["port"], timeout=60)
    try:
        connection.request("GET", question["path"])
        say(flying=True)
        with connection.getresponse() as answer:
            say(status=answer.status, body=answer.read().decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        say(status=0, body=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    ask(json.loads(sys.argv[1]))
