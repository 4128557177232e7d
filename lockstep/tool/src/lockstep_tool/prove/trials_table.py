"""Try every kind of restart, round after round, and show what became of the requests: a table, and JSON beside it."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.prove.losses import Count
from lockstep_tool.prove.production import Production, read_production
from lockstep_tool.prove.trials import Trial, attempt, list_kinds
from lockstep_tool.service import Service

__all__ = ["show"]

SCHEMA = "lockstep.restarts/1"
ROW = "{:<21} {:>6} {:>9}   {:<36} {:>7} {:>8}   {}"
HEADINGS = ("restart", "rounds", "requests", "lost", "stall", "took", "")


def show(root: Path, kinds: Sequence[str], rounds: int, seconds: float, save: Path | None) -> None:
    """One row for each kind, or for all; raises Refusal when more was lost, or waited for, than may be."""
    production = read_production(Service(root))
    possible, name = list_kinds(production.model), production.model.name
    refuse_nothing(name, possible, kinds, rounds, seconds)
    print(f"{name}: requests of a steady load through each restart; stall and took are the longest of all rounds")
    print(ROW.format(*HEADINGS).rstrip(), flush=True)
    table = {kind: try_rounds(production, kind, rounds, seconds) for kind in possible if kind in kinds or not kinds}
    if save:
        save.write_text(json.dumps(document(production, table), indent=2) + "\n", encoding="utf-8")
    faults = [(kind, fault) for kind, trials in table.items() for trial in trials for fault in trial.faults]
    if faults:
        raise Refusal(
            "Restarts of this service lose requests, or let them wait.",
            faults,
            "See whether the application ends by itself (a signal handler, an exit) or holds its process; "
            "then run this again with nothing else on the machine.",
        )


def refuse_nothing(name: str, possible: Sequence[str], kinds: Sequence[str], rounds: int, seconds: float) -> None:
    """What is asked for must be there to try."""
    if unknown := [kind for kind in kinds if kind not in possible]:
        raise Refusal(
            f"{name} has no restart of this kind.",
            [("asked for", ", ".join(unknown)), ("has", ", ".join(possible))],
            "Name some of those, or none for all.",
        )
    if rounds < 1 or seconds < 0:
        raise Refusal(
            "Nothing would be tried.",
            [("--rounds", str(rounds)), ("--seconds", f"{seconds:g}")],
            "Try at least one round; seconds are not negative.",
        )


def try_rounds(production: Production, kind: str, rounds: int, seconds: float) -> list[Trial]:
    """All rounds of one kind, with progress where somebody looks on; then its row."""
    trials = []
    for number in range(rounds):
        show_progress(f"{kind} {number + 1}/{rounds} …")
        trials.append(attempt(production, kind, seconds))
    show_progress("")
    print(row(kind, trials), flush=True)
    return trials


def show_progress(said: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{said:<40}\r", end="", flush=True)


def row(kind: str, trials: Sequence[Trial]) -> str:
    count = sum((trial.count for trial in trials), Count())
    kinds = ", ".join(f"{number} {how}" for how, number in count.by_kind().items() if number)
    lost = f"{count.lost} ({kinds})" if count.lost else "0"
    took = max(trial.took for trial in trials)
    said = " ".join(["✗" if any(trial.faults for trial in trials) else "✓", trials[-1].seen, *describe_lasting(trials)])
    return ROW.format(kind, len(trials), f"{count.sent:,}", lost, f"{count.stall:.2f} s", f"{took:.1f} s", said)


def describe_lasting(trials: Sequence[Trial]) -> Iterator[str]:
    """How WebSockets and streams ended, in all trials."""
    for what in trials[0].lasting:
        ends = sum((Counter(trial.lasting[what]) for trial in trials), Counter[str]())
        yield f"· {what}: " + (", ".join(f"{number} {how}" for how, number in sorted(ends.items())) or "none")


def document(production: Production, table: dict[str, list[Trial]]) -> dict[str, object]:
    """What is saved: every trial, so that others can add up what they want to know."""
    return {
        "schema": SCHEMA,
        "model": production.model.name,
        "environment": production.environment,
        "cpus": os.cpu_count(),
        "restarts": {
            kind: [{**asdict(trial), "sent": trial.count.sent, "lost": trial.count.lost} for trial in trials]
            for kind, trials in table.items()
        },
    }
