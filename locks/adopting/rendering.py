"""A service rendered for an existing one: the same name, framework and CI, in a folder that goes away."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from adopting.existing import Existing
from lockstep_serve.errors import Refusal

__all__ = ["choose_answers", "render_service"]

TEMPLATE = Path(__file__).parents[2]
# What Copier says around the template's own words.
NOISE = re.compile(r"Warning: |^\s*warn\(|Error rendering template path")
FITTING = {"fastapi": ("ASGI",), "flask": ("WSGI",), "django": ("WSGI", "ASGI")}


def choose_answers(found: Existing, chosen: Mapping[str, str]) -> dict[str, str]:
    """The answers that the service shows, and over them those that a person gives."""
    ci = "github" if any(name.startswith(".github/") for name in found.here.files) else "none"
    ci = "gitlab" if ".gitlab-ci.yml" in found.here.files else ci
    data = {
        "project_name": found.name,
        "framework": found.framework,
        "ci": "none" if found.here.below else ci,  # CI reads its files at the top of the larger repository
        "deploy": "[]",
        "python": found.pythons.exact,
    }
    description = str(found.requirements.project.get("description") or "")
    if description and "\n" not in description:
        data["description"] = description
    if found.running.model and found.running.interface in FITTING.get(found.framework, ()):
        data["server"] = found.running.model
    elif found.framework == "django":
        data["server"] = "gunicorn-asgi" if ".asgi:" in found.app else "gunicorn-gthread"
    return {**data, **chosen}


def render_service(answers: Mapping[str, str], folder: Path) -> Path:
    """Copier's copy with these answers; raises Refusal where the template refuses them."""
    words = [f"--data={name}={value}" for name, value in answers.items()]
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD"]
    done = subprocess.run([*command, *words, str(TEMPLATE), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.strip().splitlines() if line.strip() and not NOISE.search(line)]
        rows = [("the template", line.strip()) for line in said][-6:]
        raise Refusal("The template has no such service.", rows, "Give other answers: `--data NAME=VALUE`, `--name NAME`.")
    return folder
