"""What other tools say of the same fault."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from services import Service

from .container import CONTAINER
from .contract import CONTRACT
from .evidence import EVIDENCE, ask_evidence, ask_evidence_online
from .online import ONLINE
from .scene import ELSEWHERE, Scene

__all__ = ["NOT_THERE", "TOOLS", "asked"]

NOT_THERE = "cannot look"
TOOLS = ("uv lock --check", "uv sync --check", "uv pip check", "uv sync --reinstall", EVIDENCE)
INPUTS = ("uv.lock", "pyproject.toml", "uv.toml")


def asked(scene: Scene, environment: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Each tool → `caught`, `passed` or `cannot look`, which no image without uv in it allows."""
    if environment == ONLINE:
        return asked_online(scene)
    service, tree = scene.service, scene.elsewhere if environment == ELSEWHERE else scene.here
    project = {**settings, "UV_PROJECT_ENVIRONMENT": str(tree)}
    same = ("--locked", "--no-default-groups", "--no-editable")
    said = {"uv lock --check": ran(service, project, "lock", "--check")}
    if environment in {"image", CONTAINER, CONTRACT}:
        return {**dict.fromkeys(TOOLS, NOT_THERE), **said, EVIDENCE: word(ask_evidence(scene, environment, settings, tree))}
    said["uv sync --check"] = ran(service, project, "sync", "--check", *same)
    said["uv pip check"] = ran(service, settings, "pip", "check", "--python", str(tree))
    said["uv sync --reinstall"] = "passed"
    if environment == "" and any((scene.root / name).read_bytes() != good(scene, name) for name in INPUTS):
        fresh = scene.kept / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        again = {**settings, "UV_PROJECT_ENVIRONMENT": str(fresh)}
        said["uv sync --reinstall"] = ran(service, again, "sync", "--reinstall", *same)
    return {**said, EVIDENCE: word(ask_evidence(scene, environment, settings, tree))}


def asked_online(scene: Scene) -> dict[str, str]:
    """The same of the service that is locked from the stand-in; what it is built with is not there, so it is left out."""
    assert scene.network is not None
    service, tree = scene.network.service, scene.network.environment
    same = ("--locked", "--no-install-project")
    project = {"UV_PROJECT_ENVIRONMENT": str(tree)}
    if not tree.exists():
        made = service.run("uv", "sync", *same, **project)
        assert made.returncode == 0, made.stdout
    fresh = tree.with_name(f"{tree.name}-fresh")  # what is installed there is not met by the next fault
    shutil.rmtree(fresh, ignore_errors=True)
    return {
        "uv lock --check": ran(service, project, "lock", "--check"),
        "uv sync --check": ran(service, project, "sync", "--check", *same),
        "uv pip check": ran(service, {}, "pip", "check", "--python", str(tree)),
        "uv sync --reinstall": ran(service, {"UV_PROJECT_ENVIRONMENT": str(fresh)}, "sync", "--reinstall", *same),
        EVIDENCE: word(ask_evidence_online(scene, service, tree)),
    }


def ran(service: Service, settings: Mapping[str, str], *words: str) -> str:
    return word(service.run("uv", *words, **settings).returncode != 0)


def word(failed: bool) -> str:
    return "caught" if failed else "passed"


def good(scene: Scene, name: str) -> bytes:
    return scene.service.run("git", "show", f"{scene.commit}:{Path(name)}").stdout.encode()
