"""Put every candidate through everything: start and memory, load in turns, a restart. Who fails is named."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from lockstep_tool.bench.candidate import Candidate
from lockstep_tool.bench.footprint import Footprint, footprint
from lockstep_tool.bench.measuring import LOADS, Cell, Sample, cells, rounds_of_load, summary
from lockstep_tool.bench.progress import Progress
from lockstep_tool.bench.restarting import restart
from lockstep_tool.bench.running import DoesNotServe, Running

__all__ = ["compared"]

SHORTEST = 0.3  # seconds of a turn: less is noise


def compared(
    candidates: Sequence[Candidate],
    seconds: float,
    progress: Progress,
    missing: dict[str, str],
    *,
    quick: bool,
    chosen: Sequence[Cell] | None = None,
) -> dict[str, Any]:
    """Figures by model; `seconds` is the load of all candidates together."""
    todo, rounds = list(chosen or cells(quick=quick)), 1 if quick else 2
    turns = len(todo) * rounds * max(1, len(candidates))
    each = max(SHORTEST, seconds / turns)
    progress.expect(turns + 2 * len(candidates))
    prints: dict[str, Footprint] = {}
    for one in candidates:
        progress.step(f"starting {one.name}, looking at its memory")
        try:
            prints[one.name] = footprint(one)
        except DoesNotServe as reason:
            missing[one.name] = str(reason)
    fit = [one for one in candidates if one.name in prints]
    samples, boots = loaded(fit, todo, rounds, each, progress, missing) if fit else ({}, {})
    restarts = {one.name: restarted(one, rounds, progress) for one in fit if one.python}
    models = {name: figures(prints[name], boots[name], cells_of, restarts.get(name, {})) for name, cells_of in samples.items()}
    load = {"locust": version("locust"), "processes": LOADS, "rounds": rounds, "seconds": each}
    return {"models": models, "not_measured": missing, "load": load}


def loaded(
    fit: Sequence[Candidate],
    todo: Sequence[Cell],
    rounds: int,
    each: float,
    progress: Progress,
    missing: dict[str, str],
) -> tuple[dict[str, dict[Cell, Sample]], dict[str, dict[str, object]]]:
    """All of them run at once, idle but for the one whose turn it is."""
    with ExitStack() as stack:
        servers = []
        for one in fit:
            server = stack.enter_context(Running(one))
            try:
                server.ready()
                servers.append(server)
            except DoesNotServe as reason:
                missing[one.name] = str(reason)
        boots = {server.candidate.name: server.boot_line() for server in servers}
        return rounds_of_load(servers, todo, rounds, each, progress.step), boots


def restarted(one: Candidate, rounds: int, progress: Progress) -> dict[str, Any]:
    progress.step(f"restarting {one.name} under load")
    try:
        seen = restart(one, rounds, 0.5)
    except (RuntimeError, OSError, ValueError, StopIteration) as reason:
        return {"error": str(reason)}
    return {"kind": seen.kind, "sent": seen.sent, "lost": seen.lost, "stall_s": seen.stall, "faults": seen.faults}


def figures(start: Footprint, boot: dict[str, object], samples: dict[Cell, Sample], restart: dict[str, Any]) -> dict[str, Any]:
    """Everything of one model, as it is saved."""
    told = {name: boot[name] for name in ("workers", "workers_because", "requests_at_once", "needs") if name in boot}
    taken = asdict(start)
    return {
        **told,
        "ready_s": round(taken["ready"], 3),
        "memory_mb": {"one": round(taken["one"], 1), "further": round(taken["further"], 1)},
        "cells": [summary(cell, sample) for cell, sample in samples.items()],
        "restart": restart,
    }
