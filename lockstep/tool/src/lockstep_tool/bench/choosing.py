"""Make this service for each server model that fits its framework, measure all of them, and recommend one."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lockstep_serve.errors import Refusal
from lockstep_serve.models import NAMES, find_model
from lockstep_serve.runtime import SETTINGS
from lockstep_tool.bench.advice import recommend_model
from lockstep_tool.bench.candidate import Candidate, describe_service
from lockstep_tool.bench.comparing import compare_candidates
from lockstep_tool.bench.machine import describe_machine
from lockstep_tool.bench.siblings import Siblings
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.service import Service
from lockstep_tool.stand_ins import stand_ins
from lockstep_tool.sync import production
from lockstep_tool.updating.origin import read_answers_file
from lockstep_tool.updating.progress import Progress

__all__ = ["FRAMEWORKS", "list_fitting_models", "measure_models"]

SCHEMA = "lockstep.bench/1"
FRAMEWORKS = {"fastapi": ("ASGI",), "flask": ("WSGI",), "django": ("WSGI", "ASGI")}


def measure_models(root: Path, wanted: Sequence[str], seconds: float, *, quick: bool, template: str | None) -> dict[str, Any]:
    """The document with every figure and the recommendation; raises Refusal when nothing could be measured.

    `wanted` are the models, all that fit when empty; `seconds` is the load of all together; `template` is where the
    template is when its address cannot be reached.
    """
    service, answers = Service(root), read_answers_file(root)
    paths, machine = own_requests(service), describe_machine(service.python)
    own, names = str(answers["server"]), choose_models(str(answers["framework"]), wanted)
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lockstep-bench-")))
        progress = stack.enter_context(Progress())
        candidates = make_candidates(root, names, own, paths, folder, template, progress, missing)
        document = compare_candidates(candidates, seconds, progress, missing, quick=quick)
    if not document["models"]:
        raise Refusal(
            "No server model could be measured.",
            list(document["not_measured"].items()),
            "Run `uv run noxfile.py -s prove` first.",
        )
    facts = {
        "schema": SCHEMA,
        "service": str(answers["project_name"]),
        "framework": answers["framework"],
        "work": answers.get("work", "awaits"),
        "model": own,
        "own_paths": paths,
        "machine": machine,
        **document,
    }
    return {**facts, "recommendation": recommend_model(facts)}


def list_fitting_models(framework: str) -> list[str]:
    """The server models that speak what the framework speaks."""
    return [name for name in NAMES if find_model(name, "server.toml").interface in FRAMEWORKS[framework]]


def choose_models(framework: str, wanted: Sequence[str]) -> list[str]:
    """The models to measure; raises Refusal for one that does not fit."""
    fitting = list_fitting_models(framework)
    if unfit := [name for name in wanted if name not in fitting]:
        raise Refusal(
            f"{', '.join(unfit)} does not fit {framework}.",
            [("--models", ",".join(wanted)), (framework, ", ".join(fitting))],
            "Name some of those, or none for all.",
        )
    return [name for name in fitting if not wanted or name in wanted]


def make_candidates(
    root: Path,
    names: Sequence[str],
    own: str,
    paths: Sequence[str],
    folder: Path,
    template: str | None,
    progress: Progress,
    missing: dict[str, str],
) -> list[Candidate]:
    """A service with its environment for each model; a model that cannot be made is named in `missing`."""
    siblings: Siblings | None = None
    if others := [name for name in names if name != own]:
        try:
            progress.say("fetching the template")
            siblings = Siblings.begin(root, folder, template)
        except Refusal as refusal:
            progress.warn(str(refusal))
            missing |= dict.fromkeys(others, refusal.wrong)
    found, settings = [], {**SETTINGS, **stand_ins(root)}
    for name in names:
        if name in missing:
            continue
        progress.say(f"making the service with {name}")
        try:
            checkout = root if name == own or siblings is None else siblings.make(name)
            model = find_model(name, "server.toml")
            found.append(describe_service(model, checkout, production(checkout), paths, settings))
        except Refusal as refusal:
            missing[name] = " / ".join([refusal.wrong, *(text for _, text in refusal.where)])
    return found
