# Lockstep's: the comparison of places. Change it by `copier update`, not by hand.
"""Look into each place, judge it against the promise and the places against each other."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lockstep import __version__, engine, fingerprint, image
from lockstep.compare import compare
from lockstep.errors import COULD_NOT_LOOK, DIFFERENT, SAME, Refusal
from lockstep.finding import Finding, Place
from lockstep.judge import judge
from lockstep.promise import Promise, read_promise
from lockstep.report import Row, save, say
from lockstep.runtime import SETTINGS

__all__ = ["look", "look_here", "parity"]

PROBE = Path(fingerprint.__file__)
SAVED = Path(".lockstep")


def parity(root: Path, python: Path, others: Sequence[str]) -> int:
    """Compare this machine's production set with the promise, and with `others`: saved fingerprints or images.

    Without `others`, the service's own image. Returns 0, 1 or 2: the same, different, could not look.
    """
    promise = read_promise(root)
    here = look_here(root, python)
    places, rows = [here], []
    for name in others or [image.name(promise)]:
        try:
            places.append(look(root, name))
        except Refusal as refusal:
            if refusal.code != COULD_NOT_LOOK:
                raise
            rows.append(Row(short(name), unseen=refusal.wrong))
    findings = [f for place in places for f in judge(place, promise)]
    findings += [f for other in places[1:] for f in compare(here, other)]
    return conclude(root, promise, places, rows, findings)


def conclude(root: Path, promise: Promise, places: list[Place], unseen: list[Row], findings: list[Finding]) -> int:
    """Say and save the verdict."""
    markers = places[0].fingerprint["markers"]
    rows = [Row("promise", promise.environment(markers), promise.python, len(promise.packages(markers)))]
    for place in places:
        seen = place.fingerprint
        rows.append(Row(place.name, seen["environment"], seen["python"], len(seen["packages"])))
        write(root / SAVED / f"{place.name}.json", seen)
    rows += unseen
    heading = f"lockstep {__version__} · Python {promise.python} · uv.lock {promise.inputs['uv.lock'][:8]}"
    text = say(rows, findings, heading=heading)
    save(root / SAVED, rows, findings, text)
    print(text)
    if any(finding.matters for finding in findings):
        return DIFFERENT
    return COULD_NOT_LOOK if unseen or any(finding.unseen for finding in findings) else SAME


def look_here(root: Path, python: Path) -> Place:
    """This machine's production set, looked into by its own interpreter."""
    settings = {**os.environ, **SETTINGS}
    done = subprocess.run([python, "-B", PROBE], capture_output=True, text=True, env=settings, check=False)
    if done.returncode:
        raise Refusal(
            "This machine's production set cannot be looked into.",
            [(str(python), (done.stderr.strip().splitlines() or ["no output"])[-1])],
            "Build it: `uv run noxfile.py -s prove`.",
            code=COULD_NOT_LOOK,
        )
    name = "ci" if os.environ.get("CI") else "laptop"
    rebuild = "rm -rf .nox/production && uv run noxfile.py -s parity"
    return Place(name, json.loads(done.stdout), rebuild)


def look(root: Path, name: str) -> Place:
    """Another place: a saved fingerprint when `name` is a .json file, else an image."""
    if name.endswith(".json"):
        return Place(Path(name).stem, read_saved(Path(name)), "make that fingerprint again from this commit")
    text = engine.fingerprint_image(engine.find(), name, PROBE)
    return Place(short(name), json.loads(text), "uv run noxfile.py -s image")


def read_saved(path: Path) -> dict[str, Any]:
    """A fingerprint from a file; raises Refusal when it is none."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if document.get("schema") != fingerprint.SCHEMA:
            raise ValueError(f"schema is {document.get('schema')!r}, not {fingerprint.SCHEMA!r}")
    except (OSError, ValueError, AttributeError) as error:
        raise Refusal(
            "This is no fingerprint.",
            [(str(path), str(error))],
            "Make one: `python -m lockstep fingerprint > place.json`.",
            code=COULD_NOT_LOOK,
        ) from error
    return document


def short(name: str) -> str:
    """What the table calls a place: the service's own image is `image`."""
    return "image" if name.endswith(":lockstep") else name.rpartition("/")[2]


def write(path: Path, document: object) -> None:
    """A fingerprint as a file that diffs well."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
