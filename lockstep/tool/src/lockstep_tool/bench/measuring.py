"""Load every candidate in turn, cell by cell and round by round, so that a busy moment meets all of them alike."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lockstep_tool.bench.running import Running

__all__ = ["Cell", "Loads", "Sample", "choose_cells", "load_in_rounds", "summarize_cell"]

SETTLE_SECONDS = 20.0
LOADS = max(1, min(8, (os.cpu_count() or 2) // 2))  # one takes a core; the servers want the others


@dataclass(frozen=True)
class Cell:
    """Which endpoint is asked, on how many connections at once."""

    endpoint: str
    connections: int


@dataclass
class Sample:
    """What came of a cell: milliseconds of every request that was served or still waited, and the others by number."""

    served: list[float] = field(default_factory=list)
    unanswered: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    refused: int = 0
    failed: int = 0
    cpu: float = 0.0


def choose_cells(*, quick: bool) -> list[Cell]:
    """Own paths and waits against concurrency; what blocks or computes at one, with queues that end soon."""
    if quick:
        against = [Cell("own", number) for number in (8, 24, 64)] + [Cell("wait", number) for number in (8, 32, 96)]
        return [*against, Cell("plain", 16), Cell("block", 8), Cell("compute", 8)]
    against = [Cell(endpoint, number) for endpoint in ("own", "wait") for number in (4, 16, 64, 128)]
    return [*against, Cell("plain", 32), Cell("block", 16), Cell("compute", 8)]


class Loads:
    """The processes that send load; a context manager."""

    def __enter__(self) -> Self:
        command = [sys.executable, str(Path(__file__).with_name("load.py"))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        self.processes: list[subprocess.Popen[str]] = [subprocess.Popen(command, **pipes) for _ in range(LOADS)]  # type: ignore[call-overload]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()

    def send(self, port: int, paths: Sequence[str], connections: int, seconds: float) -> list[dict[str, Any]]:
        """Share the connections among the processes; what each saw."""
        shares = [connections // LOADS + (number < connections % LOADS) for number in range(LOADS)]
        busy = [(process, share) for process, share in zip(self.processes, shares, strict=True) if share]
        for process, share in busy:
            assert process.stdin is not None
            order = {"port": port, "paths": list(paths), "connections": share, "seconds": seconds}
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
        return [read_answer(process) for process, _ in busy]


def read_answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the load generator ended with exit code {process.wait()}")
    seen: dict[str, Any] = json.loads(line)
    return seen


def load_in_rounds(
    servers: Sequence[Running], chosen: Iterable[Cell], rounds: int, seconds: float, tell: Callable[[str], None]
) -> dict[str, dict[Cell, Sample]]:
    """Samples by candidate's name and cell; `seconds` is the time of one turn."""
    samples: dict[str, dict[Cell, Sample]] = {server.candidate.name: {} for server in servers}
    with Loads() as loads:
        for number in range(rounds):
            for cell in chosen:
                # Each round begins with another candidate: who comes first may find the machine cooler.
                for server in [*servers[number % len(servers) :], *servers[: number % len(servers)]]:
                    tell(f"round {number + 1} of {rounds}: {cell.endpoint}, {cell.connections} at once")
                    if paths := server.candidate.paths.get(cell.endpoint):
                        sample = samples[server.candidate.name].setdefault(cell, Sample())
                        load_once(loads, server, paths, cell.connections, seconds, sample)
    return samples


def load_once(loads: Loads, server: Running, paths: Sequence[str], connections: int, seconds: float, sample: Sample) -> None:
    before = server.measure_cpu()
    seen = loads.send(server.port, paths, connections, seconds)
    sample.cpu += (server.measure_cpu() - before) / seconds * max(one["seconds"] for one in seen)
    for one in seen:
        sample.served += one["served"]
        sample.unanswered += one["unanswered"]
        sample.refused += one["refused"]
        sample.failed += one["failed"]
    sample.rates.append(sum(len(one["served"]) / one["seconds"] for one in seen))
    server.get(server.candidate.ready, SETTLE_SECONDS)  # what queued up before is through when this is answered
    server.forget_log()


def summarize_cell(cell: Cell, sample: Sample) -> dict[str, object]:
    """A cell in numbers: requests a second (median of the rounds, and how far these lie apart), milliseconds, processor
    time of a request.
    """
    waits = sorted(sample.served + sample.unanswered)
    count = len(sample.served)
    return {
        "endpoint": cell.endpoint,
        "connections": cell.connections,
        "rate": round(statistics.median(sample.rates), 1) if sample.rates else 0.0,
        "spread": measure_spread(sample.rates),
        "p50_ms": round(find_percentile(waits, 0.5), 2),
        "p99_ms": round(find_percentile(waits, 0.99), 2),
        "cpu_ms": round(sample.cpu * 1000 / count, 3) if count else 0.0,
        "served": count,
        "refused": sample.refused,
        "failed": sample.failed,
    }


def measure_spread(rates: Sequence[float]) -> float | None:
    """How far rounds of the same lie apart, as a share of their median; None for a single one.

    Of three and more the one that lies furthest from the median is left out: it does not move the median.
    """
    middle = statistics.median(rates) if len(rates) > 1 else 0.0
    if not middle:
        return None
    near = sorted(rates, key=lambda rate: abs(rate - middle))[: len(rates) - (len(rates) > 2)]
    return round((max(near) - min(near)) / middle, 3)


def find_percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
