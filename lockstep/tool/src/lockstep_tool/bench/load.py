"""Send load by Locust, in a process that reads what to do line by line: JSON in, JSON out.

It is a process of its own because gevent changes the whole interpreter. Each of its users has one connection, keeps it,
and asks again as soon as it was answered. A request that is unanswered at the end counts with the time it had waited by
then: else the model that makes people wait longest would look good.
"""

# ruff: noqa: E402 -- patched before anything else is imported
import gevent.monkey  # type: ignore[import-untyped]  # its types are a package of their own

gevent.monkey.patch_all()

import json
import logging
import statistics
import sys
import time
from itertools import cycle
from typing import Any

import gevent
from locust import FastHttpUser, task
from locust.env import Environment

WARM_UP = 0.2  # of the time, not counted: connections open, pools fill
REFUSED = 503


class Client(FastHttpUser):
    """Asks for the paths in turn; `waiting` holds when the requests that are unanswered were sent, by user."""

    abstract = True
    paths: list[str]
    waiting: dict[int, float]
    network_timeout = connection_timeout = 15.0

    def on_start(self) -> None:
        self.turn = cycle(self.paths)

    @task
    def ask(self) -> None:
        self.waiting[id(self)] = time.perf_counter()
        self.client.get(next(self.turn))
        self.waiting.pop(id(self), None)

    def on_stop(self) -> None:
        self.client.client.clientpool.close()


def measure(port: int, paths: list[str], connections: int, seconds: float) -> dict[str, Any]:
    """Answers by kind, milliseconds of each that was served, and the seconds in which they were counted."""
    waiting: dict[int, float] = {}
    asks = type("Asks", (Client,), {"host": f"http://127.0.0.1:{port}", "paths": paths, "waiting": waiting})
    environment = Environment(user_classes=[asks], catch_exceptions=False)
    served: list[float] = []
    others = {"refused": 0, "failed": 0}

    def finished(response_time: float, response: Any, **_: Any) -> None:
        status = getattr(response, "status_code", 0) or 0
        if 0 < status < 500:
            served.append(response_time)
        else:
            others["refused" if status == REFUSED else "failed"] += 1

    environment.events.request.add_listener(finished)  # type: ignore[no-untyped-call]  # it has no types
    runner = environment.create_local_runner()
    runner.start(connections, spawn_rate=connections)
    gevent.sleep(seconds * WARM_UP)
    served.clear()
    others |= dict.fromkeys(others, 0)
    began = time.perf_counter()
    gevent.sleep(seconds * (1 - WARM_UP))
    took = time.perf_counter() - began
    done, unanswered = list(served), [(began + took - sent) * 1000 for sent in waiting.values()]
    counted = dict(others)
    runner.quit()
    usual = statistics.median(done) if done else 0.0
    return {"served": done, "unanswered": [ms for ms in unanswered if ms > usual], "seconds": took, **counted}


def main() -> None:
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        print(json.dumps(measure(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
