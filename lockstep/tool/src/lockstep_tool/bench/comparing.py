"""Put every candidate through everything: start and memory, load in turns, a restart. Who fails is named."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from lockstep_tool.bench.candidate import Candidate
from lockstep_tool.bench.footprint import Footprint, measure_footprint
from lockstep_tool.bench.measuring import LOADS, Cell, Sample, choose_cells, load_in_rounds, summarize_cell
from lockstep_tool.bench.restarting import restart_candidate
from lockstep_tool.bench.running import DoesNotServe, Running
from lockstep_tool.updating.progress import Progress

__all__ = ["compare_candidates"]

SHORTEST = 0.3  # seconds of a turn: less is noise
STATED = ("workers", "workers_because", "requests_at_once", "needs")  # by a service, in its first log line


def compare_candidates(
    candidates: Sequence[Candidate],
    seconds: float,
    progress: Progress,
    missing: dict[str, str],
    *,
    quick: bool,
    chosen: Sequence[Cell] | None = None,
) -> dict[str, Any]:
    """Figures by model; `seconds` is the load of all candidates together."""
    todo, rounds = list(chosen or choose_cells(quick=quick)), 2 if quick else 3
    turns = len(todo) * rounds * max(1, len(candidates))
    each = max(SHORTEST, seconds / turns)
    progress.expect(turns + 2 * len(candidates))
    prints: dict[str, Footprint] = {}
    for one in candidates:
        progress.step(f"starting {one.name}, looking at its memory")
        try:
            prints[one.name] = measure_footprint(one)
        except DoesNotServe as reason:
            missing[one.name] = str(reason)
    fit = [one for one in candidates if one.name in prints]
    samples, boots = load_candidates(fit, todo, rounds, each, progress, missing) if fit else ({}, {})
    restarts = {one.name: try_restart(one, rounds, progress) for one in fit if one.root}
    models = {
        name: collect_figures(prints[name], boots[name], cells_of, restarts.get(name, {})) for name, cells_of in samples.items()
    }
    load = {"locust": version("locust"), "processes": LOADS, "rounds": rounds, "seconds": each}
    return {"models": models, "not_measured": missing, "load": load}


def load_candidates(
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
                server.wait_until_ready()
                servers.append(server)
            except DoesNotServe as reason:
                missing[one.name] = str(reason)
        boots = {server.candidate.name: server.read_boot_line() for server in servers}
        return load_in_rounds(servers, todo, rounds, each, progress.step), boots


def try_restart(one: Candidate, rounds: int, progress: Progress) -> dict[str, Any]:
    progress.step(f"restarting {one.name} under load")
    try:
        seen = restart_candidate(one, rounds, 0.5)
    except (RuntimeError, OSError, ValueError, KeyError) as reason:
        return {"error": str(reason)}
    return {"kind": seen.kind, "sent": seen.sent, "lost": seen.lost, "stall_s": seen.stall, "faults": seen.faults}


def collect_figures(
    start: Footprint, boot: dict[str, object], samples: dict[Cell, Sample], restart: dict[str, Any]
) -> dict[str, Any]:
    """Everything of one model, as it is saved."""
    stated: dict[str, Any] = {
        name: boot[name] for name in ("workers", "workers_because", "requests_at_once", "needs") if name in boot
    }
    taken = asdict(start)
    return {
        **stated,
        "ready_s": round(taken["ready"], 3),
        "memory_mb": {"one": round(taken["one"], 1), "further": round(taken["further"], 1)},
        "cells": [summarize_cell(cell, sample) for cell, sample in samples.items()],
        "restart": restart,
    }
