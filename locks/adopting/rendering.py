"""A service rendered for an existing one: the same name, framework and CI, in a folder that goes away."""

import platform
import re
import subprocess
import sys
from pathlib import Path

from adopting.existing import Existing
from lockstep_serve.errors import Refusal

__all__ = ["render_service"]

TEMPLATE = Path(__file__).parents[2]


def render_service(found: Existing, folder: Path, chosen: dict[str, str]) -> Path:
    """Copier's copy with the answers that the service shows; raises Refusal where the template refuses them."""
    ci = "github" if any(name.startswith(".github/") for name in found.files) else "none"
    data = {
        "project_name": found.name,
        "framework": found.framework,
        "ci": "gitlab" if ".gitlab-ci.yml" in found.files else ci,
        "deploy": "[]",
        "python": choose_python(found),
        **chosen,
    }
    if found.framework == "django" and "server" not in data:
        data["server"] = "gunicorn-asgi" if ".asgi:" in found.app else "gunicorn-gthread"
    answers = [f"--data={name}={value}" for name, value in data.items()]
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", "--vcs-ref", "HEAD"]
    done = subprocess.run([*command, *answers, str(TEMPLATE), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        rows = [("the template", line) for line in done.stderr.strip().splitlines() if line.strip()][-6:]
        raise Refusal("The template has no such service.", rows, "Give other answers: `--data NAME=VALUE`.")
    return folder


def choose_python(found: Existing) -> str:
    """The patch that the service states, else the one that runs this."""
    pinned = found.path / ".python-version"
    stated = pinned.read_text(encoding="utf-8").strip() if pinned.exists() else ""
    return stated if re.fullmatch(r"3\.1[1-4]\.\d+", stated) else platform.python_version()
