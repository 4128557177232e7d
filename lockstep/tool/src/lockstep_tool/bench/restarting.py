"""One restart under load for each server model: a reload where it has one, else a hand-over to a successor."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lockstep_tool.bench.candidate import Candidate
from lockstep_tool.bench.running import MANAGERS_OWN

__all__ = ["Restart", "restart"]

PREFERRED = ("reload", "hand-over")
LIMIT_SECONDS = 180
ASK = "from lockstep_tool.prove.trials import possible; print(*possible())"


@dataclass(frozen=True)
class Restart:
    """Requests sent and lost, the longest that anybody waited in seconds, and what else was wrong."""

    kind: str
    sent: int
    lost: int
    stall: float
    faults: list[str]


def restart(candidate: Candidate, rounds: int, seconds: float) -> Restart:
    """By the service's own `lockstep restarts`; raises RuntimeError when it tried nothing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(MANAGERS_OWN)}
    own = {name: value for name, value in candidate.settings.items() if "{" not in value}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "restarts.json")

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [candidate.python, *words],
                cwd=folder,
                env={**kept, **own},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=LIMIT_SECONDS,
            )

        possible = run("-c", ASK).stdout.split()
        kind = next(kind for kind in PREFERRED if kind in possible)
        order = ("-m", "lockstep", "restarts", kind, "--rounds", str(rounds), "--seconds", f"{seconds:g}")
        done = run(*order, "--json", str(file))
        if not file.exists():
            raise RuntimeError(f"{kind} was not tried: {' / '.join(done.stderr.strip().splitlines()[:4])}")
        trials = json.loads(file.read_text(encoding="utf-8"))["restarts"][kind]
    return Restart(
        kind,
        sum(trial["sent"] for trial in trials),
        sum(trial["lost"] for trial in trials),
        max(trial["count"]["stall"] for trial in trials),
        [fault for trial in trials for fault in trial["faults"]],
    )
