"""Look into each place, judge it against the promise and the places against each other."""

import json
from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, SAME, Refusal
from lockstep_tool import __version__
from lockstep_tool.declared import Promise, read_promise
from lockstep_tool.environments.behaviour import behaviour
from lockstep_tool.environments.compare import compare
from lockstep_tool.environments.finding import Finding, Place
from lockstep_tool.environments.judge import judge
from lockstep_tool.environments.looking import look, look_here, named, short
from lockstep_tool.environments.report import Row, save, say
from lockstep_tool.environments.since import of_another_commit, since
from lockstep_tool.images import image
from lockstep_tool.images.labels import revision

__all__ = ["keep", "parity"]

SAVED = Path(".lockstep")


def parity(root: Path, python: Path | None, others: Sequence[str]) -> int:
    """Compare this machine's production set with the promise, and with `others`, as `looking.named` reads them.

    Without `others`, the service's own image; without `python`, only the others, with the first of them.
    Returns 0, 1 or 2: the same, different, could not look.
    """
    promise = read_promise(root)
    places, rows = [look_here(root, python)] if python else [], []
    images: dict[str, str] = {}
    for name in named(others) or [image.name(promise)]:
        try:
            places.append(look(name))
            if places[-1].kind == "image":
                images[places[-1].name] = name
        except Refusal as refusal:
            if refusal.code != COULD_NOT_LOOK:
                raise
            if others:  # who names a place is told all; the table has the first line
                print(refusal)
            rows.append(Row(short(name), unseen=refusal.wrong))
    found, asks = findings(places, promise), python is not None and (bool(images) or not others)
    if python and asks:
        found += behaviour(root, python, places[0], images, found)
    return conclude(root, promise, places, rows, found, asked=asks)


def findings(places: Sequence[Place], promise: Promise) -> list[Finding]:
    """Each place against the promise, and against the first; one that was kept at another commit, only against that."""
    old = [place for place in places if of_another_commit(place, promise.inputs)]
    found = [finding for place in places if place not in old for finding in judge(place, promise)]
    for other in places[1:]:
        one = places[0]
        found += since(other, one) if other in old else since(one, other) if one in old else compare(one, other)
    return found


def conclude(root: Path, promise: Promise, places: list[Place], unseen: list[Row], found: list[Finding], *, asked: bool) -> int:
    """Say and save the verdict; `asked` is whether requests were sent."""
    rows = []
    if places:
        markers = places[0].fingerprint["markers"]
        rows.append(Row("promise", promise.environment(markers), promise.python, len(promise.packages(markers))))
    for place in places:
        seen = place.fingerprint
        rows.append(Row(place.name, seen["environment"], seen["python"], len(seen["packages"])))
        if place.kind != "saved":
            write(root / SAVED / f"{place.name}.json", kept(root, place, promise))
    rows += unseen
    heading = f"lockstep {__version__} · Python {promise.python} · uv.lock {promise.inputs['uv.lock'][:8]}"
    text = say(rows, found, heading=heading, left_out=() if asked else ("behaviour",))
    save(root / SAVED, rows, found, text)
    print(text)
    if any(finding.matters for finding in found):
        return DIFFERENT
    return COULD_NOT_LOOK if unseen or any(finding.unseen for finding in found) else SAME


def keep(root: Path, python: Path, file: Path) -> str:
    """Write this machine's fingerprint, with the promise of its commit, to a file that is meant to be kept."""
    promise = read_promise(root)
    here = look_here(root, python)
    write(file, kept(root, here, promise))
    return f"{file}: environment {here.fingerprint['environment']}; months later, `parity -- {file}` says what changed"


def kept(root: Path, place: Place, promise: Promise) -> dict[str, object]:
    """A fingerprint with what is needed to understand it later."""
    return {**place.fingerprint, "commit": revision(root), "kind": place.kind, "promise": dict(promise.inputs)}


def write(path: Path, document: object) -> None:
    """A fingerprint as a file that diffs well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
