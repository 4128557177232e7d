"""Send the service's own requests to the production server, the development server and each image, and compare what
they answer.

All are given the same settings, so that a difference is the environment's. A part of an answer that is another one when
the first environment is asked again, or started again, tells nothing: it is named and not compared. A status always tells.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.environments.answers import ask_environment, recall_answers
from lockstep_tool.environments.asking import Answers
from lockstep_tool.environments.differences import (
    CHANGES,
    find_departures,
    find_differences,
    find_unsteady,
    is_status,
)
from lockstep_tool.environments.in_container import ask_image
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.files.variables import variables
from lockstep_tool.prove.apart import work_apart
from lockstep_tool.prove.production import Production, read_development, read_production
from lockstep_tool.service import Service

__all__ = ["compare_answers"]

CHECK = "behaviour"
DEV = "dev"
FIXES = {
    DEV: "put what that answer is made of below src/, into the wheel; `-s dev` and `-s serve` show both",
    "": "uv run noxfile.py -s image   (if it stays: look for what the Dockerfile sets or leaves out)",
}
STEADY = "give that path one status, or take it out of `requests` in pyproject.toml"


def compare_answers(service: Service, here: str, images: Mapping[str, str], found: Sequence[Finding]) -> list[Finding]:
    """What answers otherwise than this machine's production server, whose environment is called `here`.

    `images` are names of images by what their environments are called. An environment of which `found` says that it
    differs is not started: first it must be what is declared.
    """
    blamed = {finding.environment for finding in found if finding.matters}
    skipped = [unasked(name, "not asked while it differs otherwise") for name in [here, *images] if name in blamed]
    if here in blamed:
        return skipped
    if sys.stdout.isatty():
        print("asking for the same answers …", flush=True)
    production = read_production(service)
    ways: dict[str, Callable[[], Answers]] = {
        here: lambda: recall_answers(production),
        DEV: lambda: recall_answers(read_development(production)),
    }
    for name in [name for name in images if name not in blamed]:
        ways[name] = partial(
            ask_image, images[name], *listening(production), settings(production), own_requests(production.service)
        )
    answers, unseen = work_apart(lambda: ask_together(ways))
    if here not in answers:
        return [*skipped, *unseen]
    return [*skipped, *unseen, *judge_answers(here, answers, lambda: work_apart(lambda: ask_environment(production)))]


def ask_together(ways: Mapping[str, Callable[[], Answers]]) -> tuple[dict[str, Answers], list[Finding]]:
    """What each environment answers, and which could not be asked."""
    answers, unseen = {}, []
    with ThreadPoolExecutor(len(ways)) as pool:
        asked = {name: pool.submit(way) for name, way in ways.items()}
    for name, answer in asked.items():
        try:
            answers[name] = answer.result()
        except Refusal as refusal:
            said = "; ".join(said for _, said in refusal.where[-2:])
            unseen.append(unasked(name, f"{refusal.wrong.rstrip('.')}: {said}", refusal.fix))
    return answers, unseen


def unasked(name: str, what: str, fix: str = "the fix that stands above for this environment") -> Finding:
    return Finding(CHECK, what, fix=fix, severity=Severity.UNKNOWN, environment=name)


def judge_answers(here: str, answers: Mapping[str, Answers], again: Callable[[], Answers]) -> list[Finding]:
    """The findings. Only what this environment changes by itself is not compared: what another one alone changes differs.

    Where something differs, this environment is started once more: it may differ from itself.
    """
    own, changing = answers[here], set(find_unsteady(answers[here]))
    found = {name: find_departures(own, answer) for name, answer in answers.items() if name != here}
    if any(one.part not in changing for each in found.values() for one in each):
        second = again()
        changing |= {*find_unsteady(second), *(one.part for one in find_differences(own, second))}
    return [
        *(
            Finding(CHECK, one.describe(here), fix=FIXES.get(name, FIXES[""]), environment=name)
            for name, each in found.items()
            for one in each
            if one.part not in changing
        ),
        *(judge_change(here, part) for part in sorted(changing)),
    ]


def judge_change(here: str, part: str) -> Finding:
    """That a part changes by itself in the first environment: a status that does is an error in every one."""
    if is_status(part):
        return Finding(CHECK, f"{part} {CHANGES}", fix=STEADY, environment=here)
    return Finding(CHECK, f"{part} {CHANGES}, not compared", severity=Severity.ALLOWED, environment=here)


def settings(production: Production) -> dict[str, str]:
    """The service's own variables that are set here, and what was made up for its secrets."""
    read = variables(production.service)
    return {**{name: os.environ[name] for name in read if os.environ.get(name)}, **production.made_up}


def listening(production: Production) -> tuple[int, dict[str, str]]:
    """A port for a container, and the variables that say so; one worker answers as all do."""
    stated = production.service.definition.values
    values = {"port": stated["port"].value, "workers": 1}
    return int(stated["port"].value), {stated[name].env: str(value) for name, value in values.items() if name in stated}
