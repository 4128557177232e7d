"""Recommend a server model from what was measured, by a rule that can be read, and say the reason in figures.

A model is out when its restart lost a request or an own path failed. The others are ranked by requests a second, on the
service's own paths and on the standard endpoint of the work that was answered (`work` in .copier-answers.yml): the
geometric mean of their shares of the best. What lies within a tenth of the first is equal, or within what rounds of one
and the same model differ by, where that is more; among equals the present model stays, else the one with the lowest p99
of its own paths is taken. Where rounds differ by half and more, nothing is recommended: it would be noise. Rates are medians,
so of three rounds and more the one that lies furthest away does not count.
"""

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["find_cell", "recommend_model"]

EQUAL, NOISE = 0.1, 0.5  # shares of a rate: what is equal at least, and from where on all is noise
WORK = {"awaits": "wait", "waits": "wait", "computes": "compute"}
DOES = {"own": "on its own paths", "plain": "of plain JSON", "wait": "that wait 50 ms", "compute": "that compute 20 ms"}


def find_cell(figures: Mapping[str, Any], endpoint: str) -> Mapping[str, Any] | None:
    """The cell of that endpoint with the most connections."""
    found = [one for one in figures["cells"] if one["endpoint"] == endpoint]
    return max(found, key=lambda one: int(one["connections"]), default=None)


def recommend_model(document: Mapping[str, Any]) -> dict[str, Any]:
    """The model and the reasons, each a sentence; no model when all are out."""
    models: Mapping[str, Any] = document["models"]
    own = "own" if any(find_cell(figures, "own") for figures in models.values()) else "plain"
    judged_by = [own, WORK.get(str(document["work"]), "wait")]
    out = {name: why for name, figures in models.items() if (why := find_loss(figures))}
    scores = {name: score_model(models, name, judged_by) for name in models if name not in out}
    reasons = [f"{name} is out: {why}." for name, why in out.items()]
    if not scores:
        return {"model": None, "judged_by": judged_by, "scores": {}, "because": reasons}
    noise = measure_noise(models, judged_by)
    if noise >= NOISE and len(scores) > 1:
        sentence = f"Nothing is recommended from noise: rounds of one model differ by {noise:.0%}."
        fix = "Let the machine rest, or measure for longer: `-- --seconds 600`."
        return {"model": None, "judged_by": judged_by, "scores": scores, "noise": noise, "because": [sentence, fix, *reasons]}
    best = max(scores.values())
    equal = [name for name, reached in scores.items() if reached >= best * (1 - max(EQUAL, noise))]
    present = document["model"]
    chosen = present if present in equal else min(equal, key=lambda name: find_p99(models[name], own))
    first = [describe_rate(models[chosen], endpoint) for endpoint in judged_by if find_cell(models[chosen], endpoint)]
    sure = f"Sure to within {max(EQUAL, noise):.0%}: rounds of one model differ by up to {noise:.0%}."
    choice = [sure, *explain_choice(models, chosen, equal, scores)]
    reasons = [f"{chosen} serves {' and '.join(first)}.", *choice, *reasons, *list_caveats(models[chosen])]
    return {"model": chosen, "judged_by": judged_by, "scores": scores, "noise": noise, "because": reasons}


def measure_noise(models: Mapping[str, Any], judged_by: list[str]) -> float:
    """The most that rounds of one model lie apart in what is judged, as a share of its rate; 0 where that was not measured."""
    cells = [find_cell(figures, endpoint) for figures in models.values() for endpoint in judged_by]
    return max([cell.get("spread") or 0.0 for cell in cells if cell], default=0.0)


def find_loss(figures: Mapping[str, Any]) -> str:
    restart = figures.get("restart", {})
    if restart.get("lost"):
        return f"its {restart['kind']} lost {restart['lost']} of {restart['sent']} requests"
    failed = sum(one["failed"] for one in figures["cells"] if one["endpoint"] == "own")
    return f"{failed} requests to its own paths failed" if failed else ""


def score_model(models: Mapping[str, Any], name: str, judged_by: list[str]) -> float:
    """Between 0 and 1."""
    shares = []
    for endpoint in judged_by:
        rates = {other: found["rate"] for other, figures in models.items() if (found := find_cell(figures, endpoint))}
        if top := max(rates.values(), default=0):
            shares.append(rates.get(name, 0) / top)
    return round(math.prod(shares) ** (1 / len(shares)), 3) if shares else 0.0


def find_p99(figures: Mapping[str, Any], endpoint: str) -> float:
    found = find_cell(figures, endpoint)
    return float(found["p99_ms"]) if found and found["served"] else math.inf


def describe_rate(figures: Mapping[str, Any], endpoint: str) -> str:
    found = find_cell(figures, endpoint) or {}
    return (
        f"{found['rate']:,.0f} requests/s {DOES[endpoint]} ({found['connections']} at once, half within "
        f"{found['p50_ms']:.0f} ms, 99 % within {found['p99_ms']:.0f} ms)"
    )


def explain_choice(models: Mapping[str, Any], chosen: str, equal: list[str], scores: Mapping[str, float]) -> list[str]:
    """What it was chosen over, and its restart."""
    sentences = []
    others = [name for name in equal if name != chosen]
    if others:
        sentences.append(f"Too near to the best to tell apart: {', '.join(others)}.")
    slower = [f"{name} {reached:.0%}" for name, reached in scores.items() if name not in equal]
    if slower:
        sentences.append(f"Share of the best that the others reach: {', '.join(slower)}.")
    restart = models[chosen].get("restart", {})
    if restart.get("sent"):
        kind, sent, stall = restart["kind"], restart["sent"], restart["stall_s"] * 1000
        sentences.append(f"Its {kind} lost none of {sent:,} requests; the longest wait was {stall:.0f} ms.")
    return sentences


def list_caveats(figures: Mapping[str, Any]) -> list[str]:
    """What has to come with it."""
    sentences = []
    if figures.get("needs"):
        sentences.append(f"It needs {figures['needs']}.")
    if figures.get("workers") == 1:
        sentences.append("It ran in one process: more cores are used by more of them, which an orchestrator starts.")
    blocked, wait = find_cell(figures, "block"), find_cell(figures, "wait")
    if blocked and wait and 0 < blocked["rate"] < wait["rate"] / 4:
        sentences.append(
            f"One blocking call of 50 ms in a handler brings it from {wait['rate']:,.0f} to {blocked['rate']:,.0f} "
            "requests/s: `prove` names such calls."
        )
    return sentences
