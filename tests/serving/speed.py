"""Load every contestant by wrk in short turns, a service right beside its rival, and look at what a request took.

Processor time is what counts: the machine's other work changes rates and waits, and meets both sides of a turn alike.
"""

import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from lockstep_tool.bench.running import DoesNotServe, Running
from serving.contestants import Contestant

__all__ = ["CONNECTIONS", "measure_speed"]

CONNECTIONS = (32, 256)
WARM_SECONDS = 1.0
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Turn:
    """Requests that were answered with 2xx, a second; processor milliseconds of one; waits; answers of another kind."""

    rate: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    refused: int
    failed: int


@dataclass
class Seen:
    """Turns by number of connections, and the memory after them in megabytes."""

    turns: dict[int, list[Turn]] = field(default_factory=dict)
    memory: float = 0.0


def measure_speed(contestants: Sequence[Contestant], rounds: int, seconds: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Figures by name; who does not serve is left out with the reason."""
    if not shutil.which("wrk"):
        sys.exit("wrk is not on this machine: install it (Debian's package is called wrk).")
    seen = {one.name: Seen() for one in contestants}
    with ExitStack() as stack:
        servers: dict[str, Running] = {}
        for one in contestants:
            server = stack.enter_context(Running(one.candidate))
            try:
                server.wait_until_ready()
                send_load(server, CONNECTIONS[0], WARM_SECONDS)
                servers[one.name] = server
            except DoesNotServe as reason:
                yield one.name, {"error": str(reason)}
        for connections in CONNECTIONS:
            for number in range(rounds if connections == CONNECTIONS[0] else (rounds + 1) // 2):
                for name in order_turns(contestants, number):
                    if name in servers:
                        turn = send_load(servers[name], connections, seconds)
                        seen[name].turns.setdefault(connections, []).append(turn)
                        print(f"{connections} at once, round {number + 1}: {name} {turn}", file=sys.stderr, flush=True)
        for name, server in servers.items():
            seen[name].memory = server.measure_memory()
    for one in contestants:
        if one.name in servers:
            yield one.name, summarize(seen[one.name], seen.get(one.rival))


def order_turns(contestants: Sequence[Contestant], number: int) -> list[str]:
    """Each one beside its rival, and the other way round in every second round."""
    names = []
    for one in contestants:
        if not one.rival:
            group = [other.name for other in contestants if other.rival == one.name]
            group.insert(1, one.name)
            names += group if number % 2 else group[::-1]
    return names


def send_load(server: Running, connections: int, seconds: float) -> Turn:
    """One turn."""
    address = f"http://127.0.0.1:{server.port}/"
    words = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s", "--latency", address]
    before = server.measure_cpu()
    said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    server.get("/", 20)  # what queued up before is through when this is answered
    used = server.measure_cpu() - before
    server.forget_log()
    return read_wrk(said, used)


def read_wrk(said: str, cpu: float) -> Turn:
    """What wrk printed of one turn that took so many seconds of processor."""

    def find(pattern: str) -> tuple[str, ...]:
        found = re.search(pattern, said)
        return found.groups() if found else ("0", "ms")

    count, took = int(find(r"(\d+) requests in")[0]), find(r"requests in ([\d.]+)(\w+),")
    refused = int(find(r"Non-2xx or 3xx responses: (\d+)")[0])
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    waits = [find(rf"{share}%\s+([\d.]+)(us|ms|s|m)\b") for share in (50, 99)]
    p50, p99 = (float(number) * MILLISECONDS[unit] for number, unit in waits)
    served = count - refused
    rate = served / (float(took[0]) * MILLISECONDS[took[1]] / 1000) if count else 0.0
    failed = sum(map(int, errors.groups())) if errors else 0
    return Turn(round(rate), round(cpu * 1000 / max(1, served), 4), p50, p99, refused, failed)


def summarize(own: Seen, rival: Seen | None) -> dict[str, Any]:
    """Medians of the turns; against the rival, the median of what the turns beside each other say."""
    figures: dict[str, Any] = {"memory_mb": round(own.memory)}
    for connections, turns in own.turns.items():
        of = {name: statistics.median(getattr(turn, name) for turn in turns) for name in ("rate", "cpu_ms", "p50_ms", "p99_ms")}
        of |= {"refused": sum(turn.refused for turn in turns), "failed": sum(turn.failed for turn in turns), "turns": len(turns)}
        if rival:
            pairs = list(zip(turns, rival.turns[connections], strict=True))
            of["by_cpu"] = round(statistics.median(other.cpu_ms / (mine.cpu_ms or 1) for mine, other in pairs), 2)
            of["by_rate"] = round(statistics.median(mine.rate / (other.rate or 1) for mine, other in pairs), 2)
        figures[str(connections)] = of
    return figures
