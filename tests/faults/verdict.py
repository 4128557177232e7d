"""What the gates say of a scene."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from .fault import Blame
from .scene import ELSEWHERE, Scene

__all__ = ["judged", "verdict"]

# What GitHub is told of each finding in a file.
TOLD = re.compile(r"^::(error|warning) .*title=lockstep (\w+), ([^:]+)::(.*)$", re.MULTILINE)


def verdict(scene: Scene, place: str, settings: Mapping[str, str]) -> set[Blame]:
    """Everything that is blamed: of the files, and of the place that a fault is in, beside this machine's."""
    there = ELSEWHERE if place == ELSEWHERE else place
    here = {} if there in {ELSEWHERE, "image"} else settings
    found = judged(scene, "lock", here) | judged(scene, "pins", here)
    if there == "laptop":
        found |= compared(scene, [], here)
    elif there == ELSEWHERE:
        found |= compared(scene, [str(scene.fingerprint(settings))], {})
    elif there == "image":
        found |= compared(scene, [settings["IMAGE"]], {"LOCKSTEP_ENGINE": scene.engine})
    return found


def judged(scene: Scene, gate: str, settings: Mapping[str, str]) -> set[Blame]:
    """What `lock` or `pins` blames; what it refuses to look at is blamed without a facet."""
    done = scene.service.lockstep(gate, **{**settings, "GITHUB_ACTIONS": "true"})
    assert "Traceback" not in done.stdout, done.stdout
    found = {
        Blame(gate, "", facet, plain(scene, said).replace("%0A", " "), level == "warning")
        for level, _, facet, said in TOLD.findall(done.stdout)
    }
    if done.returncode and all(blame.warning for blame in found):
        found.add(Blame(gate, "", "", done.stdout.strip()))
    assert done.returncode or all(blame.warning for blame in found), done.stdout
    return found


def compared(scene: Scene, places: list[str], settings: Mapping[str, str]) -> set[Blame]:
    """What `parity` blames."""
    report = scene.root / ".lockstep" / "report.json"
    report.unlink(missing_ok=True)
    done = scene.service.lockstep("parity", *places, **settings)
    assert "Traceback" not in done.stdout, done.stdout
    if not report.is_file():
        return {Blame("parity", "", "", done.stdout.strip())}
    warned = tuple(line for line in done.stdout.splitlines() if line.startswith("  ! "))
    findings = [f for f in json.loads(report.read_text())["findings"] if not f["allowed"] and not f["unseen"]]
    found = {
        Blame("parity", f["place"], f["facet"], plain(scene, f["said"]), any(w.startswith(f"  ! {f['facet']} ") for w in warned))
        for f in findings
    }
    different = any(not blame.warning for blame in found)
    assert (done.returncode == 1) == different, f"exit {done.returncode}\n{done.stdout}"
    return found


def plain(scene: Scene, said: str) -> str:
    """The words without what is of this machine only, and without the host that the lock's files come from."""
    for host in set(re.findall(r'url = "https://([^/"]+)', (scene.root / "noxfile.py.lock").read_text(encoding="utf-8"))):
        said = said.replace(host, "files.index.example")
    return said.replace(str(Path.home()), "~")
