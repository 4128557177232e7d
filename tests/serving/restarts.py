"""Count what each kind of restart loses, until at least 10,000 requests have gone through it.

A service's restarts are those of its own `restarts` session. Of a bare server each is tried that a signal starts, under
the same load.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lockstep_tool.bench.running import DoesNotServe, Running
from lockstep_tool.prove.load import Clients, Load
from lockstep_tool.prove.trials import list_kinds
from serving.contestants import Contestant

__all__ = ["measure_restarts"]

ENOUGH = 10_000  # requests
MOST_RUNS = 16
LIMIT_SECONDS = 300.0
AROUND_SECONDS = 3.0  # of load before and after each signal to a bare server
CLIENTS = Clients(new=4, kept=4, long=0)


def measure_restarts(contestants: Sequence[Contestant], rounds: int, seconds: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """By name and kind: requests, lost ones, and what became of streams and WebSockets."""
    for one in contestants:
        if one.model is not None:
            for kind in list_kinds(one.model):
                yield f"{one.name}: {kind}", restart_service(one, kind, rounds, seconds)
        elif one.framework == "fastapi" and one.name != "bare uvicorn":  # one process has nothing to restart
            yield f"{one.name}: SIGHUP", restart_bare(one, rounds)


def restart_service(one: Contestant, kind: str, rounds: int, seconds: float) -> dict[str, Any]:
    """By `lockstep restarts` in its checkout, again until enough were sent."""
    found: dict[str, Any] = {"sent": 0, "lost": 0, "restarts": 0, "stall_s": 0.0, "lasting": {}, "faults": []}
    for _ in range(MOST_RUNS):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "restarts.json")
            words = ["restarts", kind, "--rounds", str(rounds), "--seconds", f"{seconds:g}", "--json", str(file)]
            command = [sys.executable, "-m", "lockstep_tool", *words]
            done = subprocess.run(
                command, cwd=one.candidate.root, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS
            )
            if not file.exists():
                return {**found, "error": done.stderr.strip()[-400:]}
            for trial in json.loads(file.read_text(encoding="utf-8"))["restarts"][kind]:
                add_trial(found, trial)
        print(f"{one.name}, {kind}: {found}", file=sys.stderr, flush=True)
        if found["sent"] >= ENOUGH:
            break
    return found


def add_trial(found: dict[str, Any], trial: dict[str, Any]) -> None:
    found["sent"] += trial["sent"]
    found["lost"] += trial["lost"]
    found["restarts"] += 1
    found["stall_s"] = round(max(found["stall_s"], trial["count"]["stall"]), 2)
    found["faults"] += trial["faults"]
    for what, ends in trial["lasting"].items():
        found["lasting"][what] = dict(Counter(found["lasting"].get(what, {})) + Counter(ends))


def restart_bare(one: Contestant, rounds: int) -> dict[str, Any]:
    """SIGHUP to its main process, again and again under one load."""
    try:
        with Running(one.candidate) as server:
            server.wait_until_ready()
            with Load(server.port, ["/"], "/", CLIENTS) as load:
                time.sleep(AROUND_SECONDS)
                sent = restarts = 0
                while sent < ENOUGH and restarts < rounds * MOST_RUNS and server.process.poll() is None:
                    server.process.send_signal(signal.SIGHUP)
                    restarts += 1
                    time.sleep(AROUND_SECONDS)
                    sent = sum(1 for _ in load.requests())
                count = load.stop()
            ended = server.process.poll()
    except DoesNotServe as reason:
        return {"error": str(reason)}
    said = {} if ended is None else {"error": f"SIGHUP ends it (exit code {ended})"}
    print(f"{one.name}, SIGHUP: {count}", file=sys.stderr, flush=True)
    return {"sent": count.sent, "lost": count.lost, "restarts": restarts, "stall_s": round(count.stall, 2), **said}
