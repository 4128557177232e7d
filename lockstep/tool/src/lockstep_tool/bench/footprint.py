"""Start to ready, and the memory of one worker and of each further one."""

import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass

from lockstep_tool.bench.candidate import Candidate
from lockstep_tool.bench.running import Running

__all__ = ["Footprint", "measure_footprint"]

MORE = 3  # workers, to see what two further ones take
WARM = 60  # requests, so that lazy imports and caches are there
QUIET_SECONDS = 0.5


@dataclass(frozen=True)
class Footprint:
    """Seconds from start to ready, and megabytes: of a server with one worker, and of each further one."""

    ready: float
    one: float
    further: float


def measure_footprint(candidate: Candidate) -> Footprint:
    """Start it with one worker, then with more; raises DoesNotServe."""
    with Running(candidate, 1) as single:
        first = single.wait_until_ready()
        one = measure_settled_memory(single)
        with ExitStack() as stack:
            several = stack.enter_context(Running(candidate, MORE))
            starts = [first, several.wait_until_ready()]
            if len(several.list_processes()) > len(single.list_processes()):
                return Footprint(statistics.mean(starts), one, (measure_settled_memory(several) - one) / (MORE - 1))
            # It has one process whatever it is told: a further worker is a further server.
            further = measure_settled_memory(several)
            return Footprint(statistics.mean(starts), one, single.measure_memory() + further - one)


def measure_settled_memory(server: Running) -> float:
    """Its memory once it has answered some requests and all workers are there."""
    paths = [path for paths in ("own", "plain") for path in server.candidate.paths.get(paths, ())]
    for number in range(WARM):
        server.get(paths[number % len(paths)], timeout=10)
    before, after = -1.0, server.measure_memory()
    while abs(after - before) > 0.5:  # workers may still be on their way
        time.sleep(QUIET_SECONDS)
        before, after = after, server.measure_memory()
    return after
