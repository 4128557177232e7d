#!/usr/bin/env -S uv run --locked --script
# Lockstep's: the choice of a server model, measured. Change it by `copier update`, not by hand.
# /// script
# requires-python = ">=3.11,<3.15"
# dependencies = ["copier>=9.19", "locust>=2.47", "matplotlib>=3.10", "psutil>=7", "pyyaml>=6"]
# [tool.uv]
# exclude-newer = "7 days"
# ///
"""Measure this service under every server model that fits its framework, side by side, on this machine.

Writes one page with plots and a recommendation, and the figures beside it as JSON. Everything is on 127.0.0.1.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "src")]

from lockstep_serve.errors import Refusal
from lockstep_serve.runtime import SETTINGS
from lockstep_tool.bench import advice, page
from lockstep_tool.bench.candidate import Candidate, service
from lockstep_tool.bench.comparing import compared
from lockstep_tool.bench.machine import machine
from lockstep_tool.bench.progress import Progress
from lockstep_tool.bench.siblings import MODELS, answers, fetched, fitting, sibling
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.stand_ins import stand_ins
from lockstep_tool.sync import sync

SCHEMA = "lockstep.bench/1"


def main(words: Sequence[str]) -> int:
    """0 when this service's own model was measured; a mistake of the user is told in three parts."""
    options = parser().parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every server is ended
    os.chdir(ROOT)
    try:
        document = bench(options)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return refusal.code
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page.page(document, f"{ROOT.name}: which server model?"), encoding="utf-8")
    figures = options.out.with_suffix(".json")
    figures.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for name, why in document["not_measured"].items():
        print(f"  ✗ {name} was not measured: {why}")
    for said in document["recommendation"]["because"]:
        print(f"  · {said}")
    print(f"recommended: {document['recommendation']['model'] or 'none'}\npage: {options.out}\nfigures: {figures}")
    return 0 if document["model"] in document["models"] else 1


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="uv run noxfile.py -s bench --", description=__doc__)
    options.add_argument(
        "--quick", action="store_true", help="fewer cells, one round: about a minute, once the environments are there"
    )
    options.add_argument("--seconds", type=float, help="of load in total, for all models; default 90, with --quick 12")
    options.add_argument("--models", type=lambda said: said.split(","), help="only these, separated by commas")
    options.add_argument("--template", help="where the template is, when its address cannot be reached")
    page = ROOT / ".lockstep" / "bench.html"
    options.add_argument("--out", type=lambda said: Path(said).absolute(), default=page, help="the page to write")
    return options


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """Make the service for each model, measure all, and recommend one."""
    said, quiet = answers(ROOT), machine((ROOT / ".python-version").read_text(encoding="utf-8").strip())
    own, names = str(said["server"]), chosen(str(said["framework"]), options.models)
    seconds = options.seconds or (12.0 if options.quick else 90.0)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lockstep-bench-")))
        progress = stack.enter_context(Progress())
        missing: dict[str, str] = {}
        candidates = prepared(names, own, folder, options.template, progress, missing)
        document = compared(candidates, seconds, progress, missing, quick=options.quick)
    if not document["models"]:
        raise Refusal(
            "No server model could be measured.",
            list(document["not_measured"].items()),
            "Run `uv run noxfile.py -s prove` first.",
        )
    facts = {
        "schema": SCHEMA,
        "service": str(said["project_name"]),
        "framework": said["framework"],
        "work": said.get("work", "awaits"),
        "model": own,
        "own_paths": own_requests(),
        "machine": quiet,
        **document,
    }
    return {**facts, "recommendation": advice.recommend(facts)}


def chosen(framework: str, wanted: Sequence[str] | None) -> list[str]:
    """The models to measure; raises Refusal for one that does not fit."""
    fit = fitting(framework)
    if unfit := [name for name in wanted or () if name not in fit]:
        raise Refusal(
            f"{', '.join(unfit)} does not fit {framework}.",
            [("--models", ",".join(wanted or ())), (framework, ", ".join(fit))],
            "Name some of those, or none for all.",
        )
    return [name for name in fit if not wanted or name in wanted]


def prepared(
    names: Sequence[str], own: str, folder: Path, template: str | None, progress: Progress, missing: dict[str, str]
) -> list[Candidate]:
    """A service with its environment for each model; a model that cannot be made is named in `missing`."""
    source: Path | None = None
    if others := [name for name in names if name != own]:
        try:
            progress.say("fetching the template")
            source = fetched(ROOT, folder / "template", template)
        except Refusal as refusal:
            progress.warn(str(refusal))
            missing |= dict.fromkeys(others, refusal.wrong)
    found, settings = [], {**SETTINGS, **stand_ins(ROOT)}
    for name in names:
        if name in missing:
            continue
        progress.say(f"making the service with {name}")
        try:
            root = ROOT if name == own or source is None else sibling(ROOT, folder / name, name, source)
            python = sync(root, "production", "--no-editable")
            found.append(service(name, python, own_requests(), settings, wsgi=MODELS[name] == "WSGI"))
        except Refusal as refusal:
            missing[name] = " / ".join([refusal.wrong, *(said for _, said in refusal.where)])
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
