"""Load every contestant by wrk in short turns, a service right beside its rival, and look at what a request took.

Processor time is what counts: the machine's other work changes rates and waits, and meets both sides of a turn alike.
"""

import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from lockstep_tool.bench.candidate import Candidate
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
    """Turns by number of connections, the memory after them in megabytes, and why it does not serve."""

    turns: dict[int, list[Turn]] = field(default_factory=dict)
    memory: list[float] = field(default_factory=list)
    reason: str = ""


def measure_speed(contestants: Sequence[Contestant], rounds: int, seconds: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Figures by name; who does not serve is left out with the reason.

    Every round starts its servers anew: one and the same program differs by a tenth and more from start to start.
    """
    if not shutil.which("wrk"):
        sys.exit("wrk is not on this machine: install it (Debian's package is called wrk).")
    seen = {one.name: Seen() for one in contestants}
    for number in range(rounds):
        for group in group_rivals(contestants, number):
            take_turns({one.name: one.candidate for one in group}, seen, seconds, number + 1)
    for one in contestants:
        own, rival = seen[one.name], seen.get(one.rival)
        yield one.name, {"error": own.reason} if own.reason else summarize(own, None if rival and rival.reason else rival)


def group_rivals(contestants: Sequence[Contestant], number: int) -> list[list[Contestant]]:
    """Each one beside its rival, and the other way round in every second round."""
    groups = []
    for one in contestants:
        if not one.rival:
            group = [other for other in contestants if other.rival == one.name]
            group.insert(1, one)
            groups.append(group if number % 2 else group[::-1])
    return groups


def take_turns(group: Mapping[str, Candidate], seen: Mapping[str, Seen], seconds: float, number: int) -> None:
    """Start these, load them one after the other on so many connections and on more, and end them."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(Running(candidate)) for name, candidate in group.items()}
        for name, server in [*servers.items()]:
            try:
                server.wait_until_ready()
                send_load(server, CONNECTIONS[0], WARM_SECONDS)
            except DoesNotServe as reason:
                seen[name].reason = str(reason)
                del servers[name]
        for connections in CONNECTIONS:
            for name, server in servers.items():
                turn = send_load(server, connections, seconds)
                seen[name].turns.setdefault(connections, []).append(turn)
                print(f"{connections} at once, round {number}: {name} {turn}", file=sys.stderr, flush=True)
        for name, server in servers.items():
            seen[name].memory.append(server.measure_memory())


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
    figures: dict[str, Any] = {"memory_mb": round(statistics.median(own.memory))}
    for connections, turns in own.turns.items():
        of = {name: statistics.median(getattr(turn, name) for turn in turns) for name in ("rate", "cpu_ms", "p50_ms", "p99_ms")}
        of |= {"refused": sum(turn.refused for turn in turns), "failed": sum(turn.failed for turn in turns), "turns": len(turns)}
        if rival:
            pairs = list(zip(turns, rival.turns[connections], strict=True))
            of["by_cpu"] = round(statistics.median(other.cpu_ms / (mine.cpu_ms or 1) for mine, other in pairs), 2)
            of["by_rate"] = round(statistics.median(mine.rate / (other.rate or 1) for mine, other in pairs), 2)
        figures[str(connections)] = of
    return figures
