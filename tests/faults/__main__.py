"""Plant each fault once and see the right check name it; `--good N`: see that N services without a fault have no finding.

python -m faults [-k WORD] [--write] [--kept FILE] [--good N [--seed N]]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from containers.bases import bring_bases
from containers.building import build_settings
from containers.engine import NoEngine, find_engine
from containers.interpreter import interpreter_of
from containers.offered import offered
from containers.programs import CannotMake
from services import Service
from snapshot import Template, snapshot

from . import container, contract, elsewhere, files, image, installed, lock, machine, online, server
from .fault import Blame, Fault
from .good import false_alarms
from .network import network
from .outcomes import keep_outcome, recall_outcomes
from .scene import Scene, make_scene
from .table import PAGE, Outcome, page
from .today import NOT_THERE, TOOLS, asked
from .verdict import verdict

# Those of the image first: then the engine is free for others.
FAULTS: tuple[Fault, ...] = (
    *contract.FAULTS,
    *image.FAULTS,
    *container.FAULTS,
    *lock.FAULTS,
    *online.FAULTS,
    *files.FAULTS,
    *machine.FAULTS,
    *installed.FAULTS,
    *elsewhere.FAULTS,
    *server.FAULTS,
)
OF_THE_IMAGE = {contract.CONTRACT, container.CONTAINER, "image"}
# What a person's shell or a session may hold would be judged as if it were planted.
FORGOTTEN = {"CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "VIRTUAL_ENV", "TZ"}
IDENTITY = {"GIT_AUTHOR_NAME": "Nobody", "GIT_AUTHOR_EMAIL": "nobody@example.org"}
COMMITTER = {"GIT_COMMITTER_NAME": "Nobody", "GIT_COMMITTER_EMAIL": "nobody@example.org"}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "-k", dest="word", default="", help="only the faults with this in their name, session, check or environment"
    )
    options.add_argument("--write", action="store_true", help=f"write docs/reference/{PAGE.name}; takes all faults")
    options.add_argument(
        "--kept", type=Path, metavar="FILE", help="add what is seen to FILE; what is caught there already is not run again"
    )
    options.add_argument("--good", type=int, default=0, metavar="N", help="look for false alarms in N services instead")
    options.add_argument("--seed", type=int, default=1, help="which N services; default 1")
    chosen = options.parse_args()
    for name in {*FORGOTTEN, *(n for n in os.environ if n.startswith("UV_PROJECT") or n in {"UV_LOCKED", "UV_PYTHON"})}:
        os.environ.pop(name, None)
    os.environ |= {**IDENTITY, **COMMITTER, "UV_NO_SYSTEM_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never"}
    with tempfile.TemporaryDirectory() as folder:
        template = snapshot(Path(folder) / "template", "v0.1.0")
        if chosen.good:
            return false_alarms(template, Path(folder), chosen.good, chosen.seed)
        faults = [fault for fault in FAULTS if chosen.word in f"{fault.name} {fault.session} {fault.check} {fault.environment}"]
        known = dict(recall_outcomes(chosen.kept, FAULTS)) if chosen.kept else {}
        for outcome in planted_in_scene(template, Path(folder), [fault for fault in faults if fault.name not in known]):
            known[outcome.fault.name] = outcome
            if chosen.kept:
                keep_outcome(chosen.kept, outcome)
    if chosen.write and all(fault.name in known for fault in FAULTS):
        PAGE.write_text(page([known[fault.name] for fault in FAULTS]), encoding="utf-8")
    return told([known[fault.name] for fault in faults])


def planted_in_scene(template: Template, folder: Path, faults: list[Fault]) -> Iterator[Outcome]:
    """Each fault in one good service, with what these need of image and network."""
    if not faults:
        return
    scene, environments = make_scene(template, folder), {fault.environment for fault in faults}
    image_wanted = bool(environments & OF_THE_IMAGE)
    with scene.undo, network(scene.service, scene.kept / "online") as scene.network, scene_in(scene, with_image=image_wanted):
        yield from run(scene, faults)


@contextmanager
def scene_in(scene: Scene, *, with_image: bool) -> Iterator[None]:
    """The scene with its image built, where that is asked for and an engine answers."""
    if not with_image:
        yield
        return
    try:
        engine = find_engine()
        bases, interpreter = bring_bases(engine), interpreter_of(Path(sys.executable))
    except (NoEngine, CannotMake) as reason:
        print(reason, file=sys.stderr)
        yield
        return
    with tempfile.TemporaryDirectory() as folder, offered(interpreter, Path(folder)) as offer:
        scene.build, scene.engine = {**build_settings(bases, offer), **offer.environment}, engine.command
        service = Service(scene.root, {**scene.service.settings, **scene.build})
        built = service.lockstep("image", LOCKSTEP_ENGINE=engine.command)
        assert built.returncode == 0, built.stdout
        scene.image = "localhost/orders-api:planted"  # whoever builds a service of this name meanwhile takes the other name
        image.engine(scene, "tag", "localhost/orders-api:lockstep", scene.image)
        yield


def run(scene: Scene, faults: list[Fault]) -> Iterator[Outcome]:
    """Plant, judge, ask the others, put back: one fault after the other."""
    scene.restore()
    silent: dict[tuple[str, bool], set[Blame]] = {}
    for number, fault in enumerate(faults, start=1):
        judge = (fault.environment, fault.ci)
        if judge not in silent:
            silent[judge] = without_a_fault(scene, *judge)
            scene.restore()
        if sys.stderr.isatty():
            print(f"\r\x1b[K  {number} of {len(faults)}: {fault.name} …", end="", file=sys.stderr, flush=True)
        began = time.monotonic()
        outcome = planted(scene, fault, silent[judge])
        scene.restore()
        mark = "?" if outcome.unseen else "✗" if outcome.failure else "✓"
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
        print(f"  {mark} {fault.name}: {outcome.failure or named(fault)} ({time.monotonic() - began:.1f} s)", flush=True)
        yield outcome


def named(fault: Fault) -> str:
    return f"{fault.session}, {fault.check or 'refused'}" + (", warned of" if fault.warns else "")


def without_a_fault(scene: Scene, environment: str, ci: bool) -> set[Blame]:
    """What is said of the good service: warnings are, errors must not be."""
    if environment in OF_THE_IMAGE and not scene.image:
        return set()
    found = verdict(scene, environment, {"IMAGE": scene.image} if environment in OF_THE_IMAGE else {}, ci=ci)
    errors = [blame for blame in found if not blame.warning]
    assert not errors, f"the good service is blamed: {errors}"
    wrong = [tool for tool, said in asked(scene, environment, {}).items() if said == "caught"]
    assert not wrong, f"the good service is blamed, so that what it says of a bad one means nothing: {wrong}"
    return found


def planted(scene: Scene, fault: Fault, silent: set[Blame]) -> Outcome:
    """One fault: who named it, and who else was blamed."""
    try:
        settings = dict(fault.plant(scene) or {})
        found = verdict(scene, fault.environment, settings, ci=fault.ci) - silent
        today = asked(scene, fault.environment, settings)
    except LookupError as reason:
        return Outcome(fault, "", {}, str(reason), unseen=True)
    except (AssertionError, subprocess.SubprocessError, OSError) as reason:
        return Outcome(fault, "", dict.fromkeys(TOOLS, NOT_THERE), f"the fault could not be judged: {str(reason)[-300:]}")
    right = [
        blame
        for blame in found
        if (blame.session, blame.environment, blame.check) == (fault.session, named_environment(fault), fault.check)
        and fault.said in blame.said
        and blame.warning == fault.warns
    ]
    of_this = {fault.check, *fault.also}
    known = {(blame.session, blame.check) for blame in silent}  # the same warning in other words
    other = [
        blame
        for blame in found
        if not (blame.check in of_this and blame.environment == named_environment(fault))
        and not (blame.warning and (blame.session, blame.check) in known)
    ]
    said = right[0].said.splitlines()[0] if right else ""
    if not right:
        return Outcome(fault, said, today, f"no {fault.check} of {fault.session}; instead {brief(found)}")
    if other:
        return Outcome(fault, said, today, f"also blamed: {brief(other)}")
    return Outcome(fault, said, today)


def brief(blames: Iterable[Blame]) -> str:
    """The first few, in few words."""
    rows = [f"{b.session}/{b.check or 'refused'} {b.environment}: {' '.join(b.said.split())[:120]}" for b in sorted(blames)]
    return "; ".join(rows[:4]) + (f" and {len(rows) - 4} more" if len(rows) > 4 else "") if rows else "nothing"


def named_environment(fault: Fault) -> str:
    """What the report calls the environment: an image and a container by their own names, and files not at all."""
    names = {"image": "damaged:planted", container.CONTAINER: container.NAME, contract.CONTRACT: "", online.ONLINE: ""}
    return "ci" if fault.ci and fault.environment == "laptop" else names.get(fault.environment, fault.environment)


def told(outcomes: list[Outcome]) -> int:
    """The verdict of the session: 0, 1 where a fault was not caught, 2 where one was not looked at."""
    failed = [outcome for outcome in outcomes if outcome.failure and not outcome.unseen]
    unseen = [outcome for outcome in outcomes if outcome.unseen]
    looked = len(outcomes) - len(unseen)
    print(f"\n{looked - len(failed)} of {looked} faults are caught by name.")
    for outcome in (*failed, *unseen):
        print(f"  {'not looked at' if outcome.unseen else 'not caught'}: {outcome.fault.name}: {outcome.failure}")
    return 1 if failed or not outcomes else 2 if unseen else 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())
