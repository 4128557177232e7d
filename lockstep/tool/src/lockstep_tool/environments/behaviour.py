"""Send the service's own requests to the production server, the development server and each image, and compare what
they answer.

All are given the same settings, so that a difference is the place's. A part of an answer that is another one when the
same place is asked again, or started again, says nothing about places: it is named and not compared.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_serve.runtime import SETTINGS
from lockstep_tool.declared import own_packages
from lockstep_tool.environments.differences import Difference, differences, unsteady
from lockstep_tool.environments.finding import Finding, Place
from lockstep_tool.environments.in_container import ask_image
from lockstep_tool.environments.kept_answers import Answers, kept
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.files.variables import variables
from lockstep_tool.stand_ins import stand_ins
from lockstep_tool.sync import sync
from lockstep_tool.toml_file import read_toml

__all__ = ["behaviour"]

DEV = "dev"
FIXES = {
    DEV: "put what that answer is made of below src/, into the wheel; `-s dev` and `-s serve` show both",
    "": "uv run noxfile.py -s image   (if it stays: look for what the Dockerfile sets or leaves out)",
}


def behaviour(root: Path, python: Path, here: Place, images: Mapping[str, str], found: Sequence[Finding]) -> list[Finding]:
    """What answers otherwise than `here`'s production server. `images` are names by place; a place of which `found`
    says that it differs is not started: first it must be what is promised.
    """
    blamed = {finding.place for finding in found if finding.matters}
    skipped = [unasked(name, "not asked while it differs otherwise") for name in [here.name, *images] if name in blamed]
    if here.name in blamed:
        return skipped
    if sys.stdout.isatty():
        print("asking for the same answers …", flush=True)
    made_up, paths = stand_ins(root), own_requests()
    ways: dict[str, Callable[[], Answers]] = {
        here.name: lambda: kept(root, here.fingerprint["environment"], paths) or of_server(root, python, made_up),
        DEV: lambda: of_server(root, sync(root, DEV), made_up),
    }
    for name in [name for name in images if name not in blamed]:
        ways[name] = partial(ask_image, images[name], *listening(root), settings(root, made_up), paths)
    answers, unseen = together(ways)
    if here.name not in answers:
        return [*skipped, *unseen]
    return [*skipped, *unseen, *compared(here.name, answers, lambda: of_server(root, python, made_up))]


def together(ways: Mapping[str, Callable[[], Answers]]) -> tuple[dict[str, Answers], list[Finding]]:
    """What each place answers, and which could not be asked."""
    answers, unseen = {}, []
    with ThreadPoolExecutor(len(ways)) as pool:
        asked = {name: pool.submit(way) for name, way in ways.items()}
    for name, answer in asked.items():
        try:
            answers[name] = answer.result()
        except Refusal as refusal:
            said = "; ".join(said for _, said in refusal.where[-2:])
            unseen.append(unasked(name, f"{refusal.wrong}: {said}", refusal.fix))
    return answers, unseen


def unasked(place: str, said: str, fix: str = "the fix that stands above for this place") -> Finding:
    return Finding("behaviour", said, place, fix, unseen=True)


def compared(here: str, answers: Mapping[str, Answers], again: Callable[[], Answers]) -> list[Finding]:
    """The findings. Where something differs, this place is started once more: it may differ from itself."""
    changing = {part for answer in answers.values() for part in unsteady(answer)}
    differing: dict[str, list[Difference]] = {
        name: list(differences(answers[here], answer)) for name, answer in answers.items() if name != here
    }
    if any(found.part not in changing for each in differing.values() for found in each):
        changing |= {found.part for found in differences(answers[here], again())}
    return [
        *(
            Finding("behaviour", found.said(here), name, FIXES.get(name, FIXES[""]))
            for name, each in differing.items()
            for found in each
            if found.part not in changing
        ),
        *(
            Finding("behaviour", f"{part} changes from one answer to the next, not compared", here, allowed=True)
            for part in sorted(changing)
        ),
    ]


def of_server(root: Path, python: Path, made_up: Mapping[str, str]) -> Answers:
    """What the production command answers in that environment."""
    environment = {**os.environ, **SETTINGS, **made_up}
    command = [str(python), "-m", "lockstep", "answers"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no output"])[-3:]
        raise Refusal(
            "its server was not asked",
            [(str(python), " ".join(last))],
            "uv run noxfile.py -s prove",
            code=COULD_NOT_LOOK,
        )
    found: Answers = json.loads(done.stdout)
    return found


def settings(root: Path, made_up: Mapping[str, str]) -> dict[str, str]:
    """The service's own variables that are set here, and what was made up for its secrets."""
    read = variables(root, own_packages(root)[1])
    return {**{name: os.environ[name] for name in read if os.environ.get(name)}, **made_up}


def listening(root: Path) -> tuple[int, dict[str, str]]:
    """A port for a container, and the variables that say so; one worker answers as all do."""
    stated = read_toml(own_packages(root)[1] / "server.toml")
    port = int(stated["port"]["default"])
    values = {"port": port, "workers": 1}
    return port, {str(stated[name]["env"]): str(value) for name, value in values.items() if name in stated}
