"""What the tools that people use today say of the same fault."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from .scene import ELSEWHERE, Scene

__all__ = ["NOT_THERE", "TOOLS", "asked"]

NOT_THERE = "cannot look"
TOOLS = ("uv lock --check", "uv sync --check", "uv pip check", "uv sync --reinstall")
INPUTS = ("uv.lock", "pyproject.toml", "uv.toml")


def asked(scene: Scene, place: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Each tool → `caught`, `passed` or `cannot look`, which no image without uv in it allows."""
    environment = scene.elsewhere if place == ELSEWHERE else scene.here
    project = {**settings, "UV_PROJECT_ENVIRONMENT": str(environment)}
    same = ("--locked", "--no-default-groups", "--no-editable")
    said = {"uv lock --check": ran(scene, project, "lock", "--check")}
    if place == "image":
        return {**dict.fromkeys(TOOLS, NOT_THERE), **said}
    said["uv sync --check"] = ran(scene, project, "sync", "--check", *same)
    said["uv pip check"] = ran(scene, settings, "pip", "check", "--python", str(environment))
    said["uv sync --reinstall"] = "passed"
    if place == "" and any((scene.root / name).read_bytes() != good(scene, name) for name in INPUTS):
        fresh = scene.kept / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        said["uv sync --reinstall"] = ran(scene, {**settings, "UV_PROJECT_ENVIRONMENT": str(fresh)}, "sync", "--reinstall", *same)
    return said


def ran(scene: Scene, settings: Mapping[str, str], *words: str) -> str:
    return "caught" if scene.service.run("uv", *words, **settings).returncode else "passed"


def good(scene: Scene, name: str) -> bytes:
    return scene.service.run("git", "show", f"{scene.commit}:{Path(name)}").stdout.encode()
