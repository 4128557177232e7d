"""One restart under load for each server model: a reload where it has one, else a zero-downtime restart."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lockstep_tool.bench.candidate import Candidate
from lockstep_tool.bench.running import MANAGERS_OWN

__all__ = ["Restart", "restart_candidate"]

LIMIT_SECONDS = 180


@dataclass(frozen=True)
class Restart:
    """Requests sent and lost, the longest that anybody waited in seconds, and what else was wrong."""

    kind: str
    sent: int
    lost: int
    stall: float
    faults: list[str]


def restart_candidate(candidate: Candidate, rounds: int, seconds: float) -> Restart:
    """By `lockstep restarts` in the service's checkout; raises RuntimeError when it tried nothing."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "restarts.json")
        words = [candidate.restart, "--rounds", str(rounds), "--seconds", f"{seconds:g}", "--json", str(file)]
        done = subprocess.run(
            [sys.executable, "-m", "lockstep_tool", "restarts", *words],
            cwd=candidate.root,
            env={name: value for name, value in os.environ.items() if not name.startswith(MANAGERS_OWN)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
        if not file.exists():
            last = " / ".join(done.stderr.strip().splitlines()[:4])
            raise RuntimeError(f"{candidate.restart} was not tried: {last}")
        trials = json.loads(file.read_text(encoding="utf-8"))["restarts"][candidate.restart]
    return Restart(
        candidate.restart,
        sum(trial["sent"] for trial in trials),
        sum(trial["lost"] for trial in trials),
        max(trial["count"]["stall"] for trial in trials),
        [fault for trial in trials for fault in trial["faults"]],
    )
