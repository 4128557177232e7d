# /// script
# requires-python = ">=3.11,<3.16"
# dependencies = [
#     "copier>=9.19",
#     "django>=5.2",
#     "fastapi[standard]>=0.120",
#     "flask>=3.1",
#     "granian>=2.5",
#     "hypercorn>=0.17",
#     "lockstep-serve",
#     "lockstep-tool[bench]",
#     "pyyaml>=6",
# ]
# [tool.uv]
# exclude-newer = "7 days"
# [tool.uv.sources]
# lockstep-serve = { path = "../lockstep/serve", editable = true }
# lockstep-tool = { path = "../lockstep/tool", editable = true }
# ///
"""Every service's server model beside a bare hello of the same framework under the same server, and under what people
would otherwise use: `fastapi run`, granian, hypercorn. One run for each framework; `--write` keeps the pages.

The bare ones have plain settings and write their server's own access log, so that both say one line a request.
Processor time stands first: rates are what a busy machine and the load leave.
"""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from lockstep_serve.models import find_model
from lockstep_serve.runtime import SETTINGS
from lockstep_tool.bench.advice import find_cell, recommend_model
from lockstep_tool.bench.candidate import Candidate, describe_service
from lockstep_tool.bench.choosing import FRAMEWORKS, list_fitting_models
from lockstep_tool.bench.comparing import compare_candidates
from lockstep_tool.bench.machine import describe_machine
from lockstep_tool.bench.measuring import Cell
from lockstep_tool.bench.page import explain_measuring, render_page, render_table
from lockstep_tool.stand_ins import stand_ins
from lockstep_tool.sync import production
from lockstep_tool.updating.progress import Progress
from nobody import become_nobody
from snapshot import Template, snapshot

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "explanation"
# Waits at twice the requests that sync, gthread and the others serve at once on two cores; more than 256 the load cannot drive.
CELLS = [Cell("plain", 8), Cell("plain", 64), Cell("wait", 4), Cell("wait", 32), Cell("wait", 256), Cell("compute", 8)]
MOST = 256
GOAL = 0.95  # of the bare hello's processor time by the service's, for one request

BARE = {
    "fastapi": """
import asyncio
from fastapi import FastAPI
app = FastAPI()

@app.get("/")
async def hello() -> dict[str, str]:
    return {"service": "hello", "docs": "/docs"}

@app.get("/wait")
async def wait() -> dict[str, str]:
    await asyncio.sleep(0.05)
    return {"service": "hello"}
""",
    "flask": """
import time
from flask import Flask
app = Flask(__name__)

@app.get("/")
def hello():
    return {"service": "hello", "docs": "/docs"}

@app.get("/wait")
def wait():
    time.sleep(0.05)
    return {"service": "hello"}
""",
    "django": """
import asyncio, time
from django.conf import settings
from django.http import JsonResponse
from django.urls import path
settings.configure(SECRET_KEY="bare", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[])

{define} hello(request):
    return JsonResponse({{"service": "hello", "docs": "/docs"}})

{define} wait(request):
    {sleep}(0.05)
    return JsonResponse({{"service": "hello"}})

urlpatterns = [path("", hello), path("wait", wait)]
from django.core.{interface} import get_{interface}_application
app = get_{interface}_application()
""",
}
DJANGO = {
    "WSGI": {"define": "def", "sleep": "time.sleep", "interface": "wsgi"},
    "ASGI": {"define": "async def", "sleep": "await asyncio.sleep", "interface": "asgi"},
}
GUNICORN = ["-m", "gunicorn", "-b", "127.0.0.1:{port}", "-w", "{workers}", "--access-logfile", "-", "app:app"]
UVICORN = ["-m", "uvicorn", "--port", "{port}", "app:app"]
# Server model → the same server, plain, as its own documentation starts it.
PLAIN = {
    "gunicorn-sync": GUNICORN,
    "gunicorn-gthread": [*GUNICORN, "--threads", "8"],
    "gunicorn-gevent": [*GUNICORN, "-k", "gevent"],
    "gunicorn-asgi": [*GUNICORN, "-k", "asgi"],
    "gunicorn-uvicorn": [*GUNICORN, "-k", "uvicorn_worker.UvicornWorker"],
    "uvicorn": UVICORN,
    "uvicorn-workers": [*UVICORN, "--workers", "{workers}"],
}
GRANIAN = ["-m", "granian", "--port", "{port}", "--workers", "{workers}", "app:app"]
# Framework → what else people start it with, from this script's own environment.
OTHERS = {
    "fastapi": {
        "fastapi run": ["-m", "fastapi", "run", "--port", "{port}", "--workers", "{workers}", "app.py"],
        "granian": [*GRANIAN, "--interface", "asgi"],
        "hypercorn": ["-m", "hypercorn", "-b", "127.0.0.1:{port}", "-w", "{workers}", "app:app"],
    },
    "flask": {"granian": [*GRANIAN, "--interface", "wsgi"]},
    "django": {},
}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--frameworks", type=lambda said: said.split(","), default=list(FRAMEWORKS))
    options.add_argument("--models", type=lambda said: said.split(","), help="only these, separated by commas")
    options.add_argument("--seconds", type=float, default=300, help="of load for each framework; default 300")
    options.add_argument("--quick", action="store_true", help="one round")
    options.add_argument("--write", action="store_true", help=f"write {PAGES.relative_to(ROOT)}/which-model*")
    chosen = options.parse_args()
    seen = {}
    with tempfile.TemporaryDirectory(prefix="lockstep-models-") as folder, Progress() as progress:
        become_nobody(Path(folder))
        template = snapshot(Path(folder, "template"), "v0.0.0")
        for framework in chosen.frameworks:
            seen[framework] = measure_framework(framework, template, Path(folder), chosen, progress)
    text = write_page(seen)
    print(text)
    for framework, document in seen.items():
        target = (PAGES if chosen.write else ROOT / ".nox" / "report") / f"which-model-{framework}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(render_page(document, f"{framework}: which server model?", render_ratios(document)), encoding="utf-8")
        target.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(target)
    if chosen.write:
        (PAGES / "which-model.md").write_text(text, encoding="utf-8")
    return 0


def measure_framework(
    framework: str, template: Template, folder: Path, chosen: argparse.Namespace, progress: Progress
) -> dict[str, Any]:
    """The figures of one framework: services, bare hellos, and the others."""
    models = [name for name in list_fitting_models(framework) if not chosen.models or name in chosen.models]
    candidates, python = [], Path(sys.executable)
    for name in models:
        progress.say(f"making a {framework} service with {name}")
        path = folder / f"{framework}-{name}"
        done = template.copy(path, {"project_name": "hello-service", "framework": framework, "server": name})
        if done.returncode:
            sys.exit(done.stderr)
        python, model = production(path), find_model(name, "server.toml")
        own = describe_service(model, path, python, (), {**SETTINGS, **stand_ins(path)})
        candidates.append(replace(own, paths={**own.paths, "plain": ["/"]}))
        candidates.append(describe_bare(f"bare {name}", python, PLAIN[name], write_bare(framework, model.interface, path)))
    for name, words in OTHERS[framework].items():
        candidates.append(describe_bare(name, Path(sys.executable), words, write_bare(framework, "", folder / framework)))
    missing: dict[str, str] = {}
    quiet = describe_machine(platform.python_version())
    document = compare_candidates(candidates, chosen.seconds, progress, missing, quick=chosen.quick, chosen=CELLS)
    services = {name: figures for name, figures in document["models"].items() if name in models}
    facts = {"schema": "lockstep.models/1", "framework": framework, "work": "awaits", "model": "", "machine": quiet, **document}
    return {
        **facts,
        "recommendation": recommend_model({**facts, "models": services}),
        "against_bare": {name: compare_with_bare(document["models"], name) for name in services},
    }


def write_bare(framework: str, interface: str, folder: Path) -> Path:
    """The folder of a bare application of this framework."""
    folder = folder / "bare"
    folder.mkdir(parents=True, exist_ok=True)
    text = BARE[framework]
    (folder / "app.py").write_text(text.format(**DJANGO[interface]) if framework == "django" else text, encoding="utf-8")
    return folder


def describe_bare(name: str, python: Path, words: Sequence[str], folder: Path) -> Candidate:
    """Started where its application lies, with as many workers as the services have here."""
    told = [word.replace("{workers}", "{workers_or_cpus}") for word in words]
    return Candidate(
        name=name,
        command=[str(python), *told],
        settings={"PYTHONPATH": str(folder), "PYTHONUNBUFFERED": "1"},
        paths={"plain": ["/"], "wait": ["/wait"]},
        ready="/",
        folder=str(folder),
    )


def compare_with_bare(models: Mapping[str, Any], name: str) -> dict[str, float]:
    """The service against the bare hello: requests a second, processor time; p99 against p50 at twice its size."""
    own, plain = models[name], models.get(f"bare {name}")
    at_once = min(MOST, 2 * int(own["requests_at_once"]))
    wait = min((one for one in own["cells"] if one["endpoint"] == "wait"), key=lambda one: abs(int(one["connections"]) - at_once))
    said = {"connections": wait["connections"], "p50_ms": wait["p50_ms"], "p99_ms": wait["p99_ms"]}
    if plain is None:
        return said
    mine, theirs = find_cell(own, "plain"), find_cell(plain, "plain")
    assert mine is not None
    assert theirs is not None
    rate, cpu = mine["rate"] / (theirs["rate"] or 1), theirs["cpu_ms"] / (mine["cpu_ms"] or 1)
    return {**said, "rate": round(rate, 2), "cpu": round(cpu, 2), "bare_rate": theirs["rate"], "own_rate": mine["rate"]}


HEADINGS = (
    "model",
    "by processor time",
    "by rate",
    "requests/s",
    "bare hello",
    "at once",
    "p50 ms",
    "p99 ms",
    "ready ms",
    "MB, one",
    "MB, further",
    "lost",
    "stall ms",
)


def list_rows(document: Mapping[str, Any]) -> list[tuple[object, ...]]:
    """A row for each service's model."""
    found: list[tuple[object, ...]] = []
    for name, said in document["against_bare"].items():
        own = document["models"][name]
        memory, restart = own["memory_mb"], own["restart"]
        through = (
            (f"{restart['lost']} of {restart['sent']:,}", round(restart["stall_s"] * 1000)) if "sent" in restart else ("-", "-")
        )
        held = (
            (said["cpu"], said["rate"], f"{said['own_rate']:,.0f}", f"{said['bare_rate']:,.0f}") if "rate" in said else ("-",) * 4
        )
        sizes = (round(own["ready_s"] * 1000), round(memory["one"]), round(memory["further"]))
        found.append((name, *held, said["connections"], round(said["p50_ms"]), round(said["p99_ms"]), *sizes, *through))
    return found


def render_ratios(document: Mapping[str, Any]) -> str:
    note = f"By processor time: the bare hello's for a request, by the service's; at least {GOAL} is the goal."
    return (
        f"<h2>Against a bare hello of the same framework</h2><p>{escape(note)}</p>{render_table(HEADINGS, list_rows(document))}"
    )


COST = (
    "## What a service costs over a bare hello\n",
    f"The goal is that a bare hello takes at least {GOAL} of a service's processor time, its server's access log on.",
    "A service gives each request an id, limits its body and how many are in flight, and writes its line as JSON:",
    "one layer does it, for less than the servers' own access lines cost.",
    "What FastAPI's nested routers take comes on top, and Django's own middleware, which `check --deploy` demands:",
    "it is in the services and not in the bare hello.",
    "The difference for each request, in processor time; below zero the service takes less:\n",
)


def say_cost(framework: str, document: Mapping[str, Any]) -> str:
    """What a request costs more than in the bare hello, from the cheapest to the dearest model."""
    more = []
    for name in document["against_bare"]:
        cells = [find_cell(document["models"][one], "plain") for one in (name, f"bare {name}")]
        more += [cells[0]["cpu_ms"] - cells[1]["cpu_ms"]] if cells[0] and cells[1] else []
    return f"- {framework}: {min(more):.2f} to {max(more):.2f} ms" if more else f"- {framework}: not measured"


def write_page(seen: Mapping[str, Mapping[str, Any]]) -> str:
    """The page that stands in the docs."""
    parts = [
        "# Which model\n",
        "Written by `uv run noxfile.py -s models -- --write`.",
        "Take figures of your own service on your own machine: `uv run noxfile.py -s bench` in it.\n",
        *COST,
        *(say_cost(framework, document) for framework, document in seen.items()),
        "",
    ]
    for framework, document in seen.items():
        parts += [f"## {framework}\n", *(f"- {escape(said, quote=False)}" for said in explain_measuring(document)), ""]
        parts += [f"- {said}" for said in document["recommendation"]["because"]]
        parts += [f"- Not measured: {name}: {why}" for name, why in document["not_measured"].items()]
        parts += ["", f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
        parts += [f"| {' | '.join(map(str, row))} |" for row in list_rows(document)]
        others = [(name, find_cell(own, "plain")) for name, own in document["models"].items() if name in OTHERS[framework]]
        parts += ["", *(f"- {name}, bare hello: {cell['rate']:,.0f} requests/s." for name, cell in others if cell), ""]
        parts += [f"Plots and every number: [which-model-{framework}.html](which-model-{framework}.html).\n"]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
