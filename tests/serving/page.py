"""Write the page of figures from what was measured."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lockstep_tool.bench.choosing import FRAMEWORKS
from serving.contestants import DRAIN, LEAD
from serving.ends import SITUATIONS
from serving.speed import CONNECTIONS

__all__ = ["render_page"]

GOAL = 0.95
FEW, MANY = map(str, CONNECTIONS)
INTRODUCTION = """# What clients get, in figures

Written by `uv run noxfile.py -s serving -- --write`.
Every service is beside the bare hello of its framework under the same server, with the server's own access log on,
and beside what people start otherwise.
All are on loopback; those with several processes have as many as the machine has processors.
"""
SPEED = f"""## A request

A service gives each request an id, limits it, and writes its line as JSON; the bare hello has its server's own line.
Each side was loaded by wrk in short turns, one right after the other, on {FEW} connections and on {MANY}; figures are medians.
Every round starts its servers anew, because the same program takes a tenth more or less from start to start.
The ratio by processor time is the median of the turns' ratios, bare by service: below 1 the service takes more.
The goal is {GOAL}.
FastAPI's nested routers are in the services only.
Of Django there is a third row: the bare hello with Django's own middleware, which `check --deploy` demands of a service.
Its ratio says what that middleware costs, and the service's ratio divided by it is what is left for Lockstep.
Above 1, the service takes less: its line costs less than its server's, and under ASGI it makes no thread for nothing.
Bare gunicorn-uvicorn is the cheapest of the bare ones: its line is the message alone, without uvicorn's formatter.
Under gunicorn-gthread all connections of a turn may come to one of two processes, bare or not: that one then does all the
work, at half the rate. Several rounds even that out.
`refused` are answers of 503: more at once than `threads` and `queue` hold.
Rates and waits are those of a machine that others may load, too; processor time is what can be compared.
"""
RESTARTS = """## Restarts

Requests that were sent and lost through restarts under load, at least 10,000 for each kind where nothing else is said.
Streams and WebSockets were open meanwhile: one "sent elsewhere" was answered 503 because it came to a process that ends.
Of a bare server, SIGHUP was tried.
"""
ENDS = f"""## From SIGTERM to the exit

Seconds, with one thing open. Services have a lead of {LEAD:g} s and a drain of {DRAIN} s; bare servers their own defaults.
A WebSocket is told to come back: its end is to come within the lead and a second, where the machine has a processor for it.
A connection without a request lingers for 2 s after the lead, because a request may be on its way on it.
gunicorn's gevent worker looks once a second whether it has something left, which adds up to 2 s.
A stream that asks `lockstep_serve.ending()` ends itself; one without end is broken off before the drain is over.
"""


def render_page(kept: Mapping[str, Mapping[str, Any]], before: str = "") -> str:
    """The page of all parts; `kept` is by part and framework, and what is not in it stays as it was `before`."""
    parts, stood = [INTRODUCTION], split_page(before)
    for part, text, render in (
        ("speed", SPEED, render_speed),
        ("restarts", RESTARTS, render_restarts),
        ("ends", ENDS, render_ends),
    ):
        found = dict(stood.get(text.partition("\n")[0], {}))
        for framework, seen in kept.get(part, {}).items():
            found[framework] = "\n".join([describe_run(seen), "", *render(seen["figures"])])
        if found:
            parts += [text, *(f"### {framework}\n\n{found[framework]}\n" for framework in FRAMEWORKS if framework in found)]
    return "\n".join(parts).rstrip("\n") + "\n"


def split_page(page: str) -> dict[str, dict[str, str]]:
    """What stands on it, by the heading of its part and by framework."""
    found: dict[str, dict[str, str]] = {}
    for part in re.split(r"^(?=## )", page, flags=re.MULTILINE):
        heading, *sections = re.split(r"^### ", part, flags=re.MULTILINE)
        for section in sections:
            framework, _, text = section.partition("\n")
            found.setdefault(heading.partition("\n")[0], {})[framework] = text.strip("\n")
    return found


def describe_run(seen: Mapping[str, Any]) -> str:
    machine, loads = seen["machine"], seen["loads"]
    return (
        f"{machine['date']}, {machine['processor']}, {machine['cpus']} cores, {machine['memory_gb']} GB, {machine['system']}, "
        f"Python {machine['python']}. Load average meanwhile: {min(loads):.0f} to {max(loads):.0f}."
    )


def write_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield "|---" * len(headings) + "|"
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row)} |"


def render_speed(figures: Mapping[str, Any]) -> Iterator[str]:
    columns = (
        "by processor time",
        "by rate",
        f"by processor time, {MANY}",
        "CPU ms",
        "requests/s",
        f"p50/p99 ms, {FEW}",
        f"p50/p99 ms, {MANY}",
        "refused",
        "MB",
    )
    rows = []
    for name, seen in figures.items():
        if "error" in seen:
            rows.append([name, seen["error"], *[""] * (len(columns) - 1)])
            continue
        few, many = seen[FEW], seen[MANY]
        held = (few.get("by_cpu", ""), few.get("by_rate", ""))
        waits = (f"{one['p50_ms']:.0f} / {one['p99_ms']:.0f}" for one in (few, many))
        refused = few["refused"] + many["refused"] + few["failed"] + many["failed"]
        rows.append(
            [
                name,
                *held,
                many.get("by_cpu", ""),
                f"{few['cpu_ms']:.3f}",
                f"{few['rate']:,.0f}",
                *waits,
                f"{refused:,.0f}",
                seen["memory_mb"],
            ]
        )
    yield from write_table(["server", *columns], rows)


def render_restarts(figures: Mapping[str, Any]) -> Iterator[str]:
    rows = []
    for name, seen in figures.items():
        ends = [
            f"{what}: {', '.join(f'{n:,} {how}' for how, n in sorted(of.items()))}"
            for what, of in seen.get("lasting", {}).items()
        ]
        said = [*ends, *seen.get("faults", ()), *([seen["error"]] if "error" in seen else [])]
        counts = (f"{seen['sent']:,}", seen["lost"], seen["restarts"], seen["stall_s"]) if "sent" in seen else ("",) * 4
        rows.append([name, *counts, "; ".join(said)])
    yield from write_table(["restart", "requests", "lost", "restarts", "longest wait, s", "what was open, and else"], rows)


def render_ends(figures: Mapping[str, Any]) -> Iterator[str]:
    yield from write_table(
        ["server", *SITUATIONS], [[name, *(seen.get(one, "") for one in SITUATIONS)] for name, seen in figures.items()]
    )
