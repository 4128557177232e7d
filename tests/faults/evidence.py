"""The peer `lockstep-evidence`: its `check` and `verify`, run as its documentation says, changing nothing that is judged.

`check` reads uv.lock by itself, and looks into another environment by `--python` and into an image by `--image`.
`verify` looks into the environment that it runs in: its package is put on that one's search path, and not installed there.
"""

from collections.abc import Mapping
from pathlib import Path

from services import Service

from .container import CONTAINER, NAME
from .contract import CONTRACT
from .scene import Scene

__all__ = ["EVIDENCE", "ask_evidence", "ask_evidence_online"]

EVIDENCE = "lockstep-evidence"
PINNED = Path(__file__).with_name("evidence.txt")
PYTHON = "/app/.venv/bin/python"
THERE = "/evidence"
VERIFY = ("-m", "lockstep.cli", "verify")


def ask_evidence(scene: Scene, environment: str, settings: Mapping[str, str], tree: Path) -> bool:
    """Whether `check` or `verify` fails; `tree` is the environment on this machine, where the fault is in one."""
    program, package = bring_evidence(scene)
    if environment in {"image", CONTRACT}:
        image = settings.get("IMAGE", scene.image)
        seen = (scene.engine, "run", "--rm", "--network", "none", "--volume", f"{package}:{THERE}:ro")
        inside = (*seen, "--env", f"PYTHONPATH={THERE}", "--entrypoint", PYTHON, image)
        return fails(scene.service, program, "check", "uv.lock", "--image", image) or fails(scene.service, *inside, *VERIFY)
    if environment == CONTAINER:
        return ask_in_container(scene, program, package)
    if fails(scene.service, program, "check", "uv.lock", "--python", str(tree / "bin" / "python"), **settings):
        return True
    path = ":".join(filter(None, (str(package), settings.get("PYTHONPATH"))))
    return bool(environment) and fails(scene.service, str(tree / "bin" / "python"), *VERIFY, **{**settings, "PYTHONPATH": path})


def ask_in_container(scene: Scene, program: str, package: Path) -> bool:
    """The same in the running container, by a program in the place of its Python; `verify` is copied there."""
    python = scene.kept / "python-of-the-container"
    python.write_text(f'#!/bin/sh\nexec {scene.engine} exec --interactive {NAME} {PYTHON} "$@"\n')
    python.chmod(0o755)
    if fails(scene.service, program, "check", "uv.lock", "--python", str(python)):
        return True
    run(scene.service, scene.engine, "cp", str(package), f"{NAME}:{THERE}")
    return fails(scene.service, scene.engine, "exec", "--env", f"PYTHONPATH={THERE}", NAME, PYTHON, *VERIFY)


def ask_evidence_online(scene: Scene, service: Service, tree: Path) -> bool:
    """`check` where the service itself is not installed: of the lock without it, in the form that uv exports."""
    program, _ = bring_evidence(scene)
    exported = scene.kept / "exported.txt"
    words = ("export", "--quiet", "--frozen", "--no-emit-project", "--output-file", str(exported))
    return fails(service, "uv", *words) or fails(
        service, program, "check", str(exported), "--python", str(tree / "bin" / "python")
    )


def bring_evidence(scene: Scene) -> tuple[str, Path]:
    """Its command in an environment of its own, and a directory with all of it for another's search path; made once."""
    tree, package = scene.kept / "evidence", scene.kept / "evidence-alone"
    if not package.exists():
        run(scene.service, "uv", "venv", "--quiet", "--clear", str(tree))
        install = ("uv", "pip", "install", "--quiet", "--no-config", "--require-hashes", "--requirement", str(PINNED))
        run(scene.service, *install, "--python", str(tree))
        run(scene.service, *install, "--python", str(tree), "--target", str(package))
    return str(tree / "bin" / "lockstep"), package


def run(service: Service, *words: str) -> None:
    done = service.run(*words)
    assert done.returncode == 0, done.stdout


def fails(service: Service, *words: str, **settings: str) -> bool:
    return service.run(*words, **settings).returncode != 0
