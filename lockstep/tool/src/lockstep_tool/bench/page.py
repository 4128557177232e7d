"""One HTML file with everything in it: the recommendation, the plots, every number, and how they were measured."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from string import Template
from typing import Any

from lockstep_tool.bench.candidate import ENDPOINTS
from lockstep_tool.bench.plots import draw_costs, draw_latency, draw_throughput

__all__ = ["render_page"]

PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
svg { width: 100%; height: auto; }
table { border-collapse: collapse; font-size: .85rem; display: block; overflow-x: auto; }
td, th { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid #8885; font-variant-numeric: tabular-nums; }
td:first-child, th:first-child { text-align: left; }
aside { border-left: 4px solid #1f9e74; padding: .2rem 1rem; }
</style></head><body>
<h1>$title</h1>
<aside><p><strong>$verdict</strong></p><ul>$because</ul></aside>
$missing
<h2>Throughput</h2>$throughput
<h2>Latency: p50 (line) and p99 (dashed)</h2>$latency
<h2>Restart, memory, start</h2>$costs
$extra
<h2>Every number</h2>$numbers
<h2>How it was measured</h2><ul>$how</ul>
</body></html>
""")


def render_page(document: Mapping[str, Any], title: str, extra: str = "") -> str:
    """The text of the file; `extra` is HTML that stands before the numbers."""
    models = document["models"]
    advice = document["recommendation"]
    verdict = f"Use {advice['model']}." if advice["model"] else "No server model can be recommended."
    if document["model"] and advice["model"] == document["model"]:
        verdict = f"Stay with {advice['model']}."
    elif document["model"] and advice["model"]:
        verdict += f" This service has {document['model']}; `update -- --server {advice['model']}` switches it."
    unseen = [f"<strong>{escape(name)}</strong>: {escape(why)}" for name, why in document["not_measured"].items()]
    return PAGE.substitute(
        title=escape(title),
        verdict=escape(verdict),
        because=list_items(map(escape, advice["because"])),
        missing=f"<h2>Not measured</h2><ul>{list_items(unseen)}</ul>" if unseen else "",
        throughput=draw_throughput(models),
        latency=draw_latency(models),
        costs=draw_costs(models),
        extra=extra,
        numbers=render_models(models) + render_cells(models),
        how=list_items(map(escape, explain_measuring(document))),
    )


def list_items(texts: Iterable[str]) -> str:
    return "".join(f"<li>{text}</li>" for text in texts)


def render_table(headings: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(word)}</th>" for word in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(word))}</td>" for word in line) + "</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def render_models(models: Mapping[str, Any]) -> str:
    what = ("model", "workers", "at once", "ready ms", "MB, one", "MB, further")
    through = ("restart", "requests", "lost", "stall ms")
    return render_table((*what, *through), (list_fields(name, figures) for name, figures in models.items()))


def list_fields(name: str, figures: Mapping[str, Any]) -> tuple[object, ...]:
    memory, restart = figures["memory_mb"], figures.get("restart", {})
    tried: tuple[object, ...] = (restart.get("error", "not tried"), "", "", "")
    if "sent" in restart:
        tried = (restart["kind"], restart["sent"], restart["lost"], f"{restart['stall_s'] * 1000:.0f}")
    start = f"{figures['ready_s'] * 1000:.0f}"
    sizes = (figures.get("workers", ""), figures.get("requests_at_once", ""))
    return (name, *sizes, start, f"{memory['one']:.0f}", f"{memory['further']:.0f}", *tried)


def render_cells(models: Mapping[str, Any]) -> str:
    headings = ("endpoint · at once", "model", "processor ms", "requests/s", "± rounds", "p50 ms", "p99 ms")
    keys = ("cpu_ms", "rate", "spread", "p50_ms", "p99_ms", "served", "refused", "failed")
    order = list(ENDPOINTS)
    found = [(one, name) for name, figures in models.items() for one in figures["cells"]]
    found.sort(key=lambda pair: (order.index(pair[0]["endpoint"]), pair[0]["connections"]))
    return render_table(
        (*headings, "served", "refused", "failed"),
        ((f"{one['endpoint']} · {one['connections']}", name, *(one.get(key, "") for key in keys)) for one, name in found),
    )


def explain_measuring(document: Mapping[str, Any]) -> Iterable[str]:
    """What a reader must know to believe the numbers, or not."""
    machine, load = document["machine"], document["load"]
    hardware = f"{machine['processor']}, {machine['cpus']} cores, {machine['memory_gb']} GB"
    yield f"On {machine['date']}: {hardware}, {machine['system']}, Python {machine['python']}."
    yield (
        f"Load: Locust {load['locust']}, {load['processes']} process(es), {load['rounds']} round(s) of "
        f"{load['seconds']:.2f} s for each cell; the models take turns. Load average of the machine before it began: "
        f"{machine['load_average']}."
    )
    yield (
        "Load and servers share the cores, and the load takes about as much of them as a quick answer does. So rates "
        "are lower bounds, and differences between quick models are larger than they look: see the processor time."
    )
    yield "A request that was unanswered at the end counts with the time that it had waited by then; refused is 503."
    yield "Memory: shared pages are divided among those that share them (PSS); one worker includes its manager."
    if paths := document.get("own_paths"):
        yield f"Own paths, asked in turn: {', '.join(paths)}. plain is /health/live."
    yield (
        "Recommended: of the models that lose nothing, the one with the most requests a second on the service's own "
        "paths and on the standard endpoint of its work, as the geometric mean of the shares of the best. Models "
        "within a tenth of the best count as equal, and so do those within the spread of one model's rounds. Nothing is "
        "recommended where that spread is half or more. It leaves out the round that is furthest from the median of three."
    )
