"""What the sessions say of a scene."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from services import Service

from .container import CONTAINER, start
from .contract import CONTRACT
from .fault import Blame
from .online import ONLINE
from .scene import ELSEWHERE, Scene
from .server import SERVER

__all__ = ["HERE", "verdict"]

HERE = ("laptop", "dev")  # this machine, and its development server

# What GitHub is told of each finding in a file.
TOLD = re.compile(r"^::(error|warning) .*title=lockstep (\w+), ([^:]+)::(.*)$", re.MULTILINE)


def verdict(scene: Scene, environment: str, settings: Mapping[str, str], *, ci: bool = False) -> set[Blame]:
    """Everything that is blamed: of the files, and of the environment that a fault is in, beside this machine's."""
    if environment == ONLINE:
        assert scene.network is not None
        service = scene.network.service
        return judged(scene, service, ["lock", "--registry"], {}) | judged(scene, service, ["audit"], {})
    here = {**(settings if environment in {"", *HERE} else {}), **({"CI": "true"} if ci else {})}
    found = judged(scene, scene.service, ["lock"], here) | judged(scene, scene.service, ["pins"], here)
    with_engine = {**here, "LOCKSTEP_ENGINE": scene.engine}
    if environment in HERE:
        found |= compared(scene, [], here)
    elif environment == SERVER:
        found |= proved(scene, settings)
    elif environment == ELSEWHERE:
        found |= compared(scene, [str(scene.fingerprint(settings))], here)
    elif environment == CONTAINER:
        container = settings.get("CONTAINER") or start(scene)
        found |= compared(scene, [f"container:{container}"], with_engine)
    elif environment == CONTRACT:
        found |= held(scene, ["--look", settings["IMAGE"]] if "IMAGE" in settings else ["--twice"], with_engine)
    elif environment == "image":
        found |= compared(scene, [settings["IMAGE"]], with_engine)
    return found


def judged(scene: Scene, service: Service, words: list[str], settings: Mapping[str, str]) -> set[Blame]:
    """What `lock`, `pins` or `audit` blames; what it refuses to look at is blamed without a check."""
    session = words[0]
    done = service.lockstep(*words, **{**settings, "GITHUB_ACTIONS": "true"})
    assert "Traceback" not in done.stdout, done.stdout
    found = {
        Blame(session, "", check, plain(scene, said).replace("%0A", " "), level == "warning")
        for level, _, check, said in TOLD.findall(done.stdout)
    }
    if done.returncode and all(blame.warning for blame in found):
        found.add(Blame(session, "", "", done.stdout.strip()))
    assert done.returncode or all(blame.warning for blame in found), done.stdout
    return found


def held(scene: Scene, words: list[str], settings: Mapping[str, str]) -> set[Blame]:
    """What `image` blames: each check that fails, or that it could not look."""
    done = scene.service.lockstep("image", *words, **{**scene.build, **settings})
    assert "Traceback" not in done.stdout, done.stdout
    if done.returncode == 0:
        return set()
    table = re.search(r"(?:breaks its contract|are not the same)\.\n\n(.*?)\n\n", done.stdout, re.DOTALL)
    if table is None:
        return {Blame("image", "", "", done.stdout.strip())}
    rows = (line.strip().partition("   ") for line in table[1].splitlines())
    return {Blame("image", "", check, plain(scene, said.strip())) for check, _, said in rows}


def proved(scene: Scene, settings: Mapping[str, str]) -> set[Blame]:
    """The step in which `prove` fails, with all that it says."""
    done = scene.service.lockstep("prove", "--again", **settings)
    assert "Traceback" not in done.stdout, done.stdout
    if done.returncode == 0:
        return set()
    step, _, said = done.stdout.rpartition("The service does not prove itself: ")[2].partition(".\n")
    return {Blame("prove", SERVER, step, plain(scene, said.strip()))}


def compared(scene: Scene, environments: list[str], settings: Mapping[str, str]) -> set[Blame]:
    """What `parity` blames."""
    report = scene.root / ".nox" / "report" / "report.json"
    report.unlink(missing_ok=True)
    done = scene.service.lockstep("parity", *environments, **settings)
    assert "Traceback" not in done.stdout, done.stdout
    if not report.is_file():
        return {Blame("parity", "" if environments else "laptop", "", done.stdout.strip())}
    found = {
        Blame("parity", f["environment"], f["check"], plain(scene, f["what"]), f["severity"] == "warning")
        for f in json.loads(report.read_text())["findings"]
        if f["severity"] in {"error", "warning"}
    }
    different = any(not blame.warning for blame in found)
    assert (done.returncode == 1) == different, f"exit {done.returncode}\n{done.stdout}"
    return found


def plain(scene: Scene, said: str) -> str:
    """The words without what is of this machine only, and without the host that the lock's files come from."""
    for host in set(re.findall(r'url = "https://([^/"]+)', (scene.root / "noxfile.py.lock").read_text(encoding="utf-8"))):
        said = said.replace(host, "files.index.example")
    for folder, name in ((f"{scene.root}/", ""), (str(scene.kept), "/tmp/kept"), (str(Path.home()), "~")):
        said = said.replace(folder, name)
    return said
