"""The services that random histories start with, each beside a template of its own."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from history import replace
from services import Service
from snapshot import Template, git

from .changes import prepare

__all__ = ["STARTS", "Starts", "make_starts"]

STARTS: Mapping[str, Mapping[str, object]] = {
    "fastapi, uvicorn": {"framework": "fastapi", "server": "uvicorn", "deploy": ["compose"], "ci": "github"},
    "fastapi, gunicorn-asgi": {"framework": "fastapi", "server": "gunicorn-asgi", "deploy": ["prometheus"], "ci": "none"},
    "flask, gunicorn-gthread": {"framework": "flask", "server": "gunicorn-gthread", "deploy": ["kubernetes"], "ci": "gitlab"},
    "django, gunicorn-sync": {"framework": "django", "server": "gunicorn-sync", "deploy": ["systemd"], "ci": "github"},
}


@dataclass(frozen=True)
class Starts:
    """The template of today as v1.0.0, and services just made from it, each once."""

    template: Template
    folder: Path

    def start(self, start: str, folder: Path) -> tuple[Template, Service]:
        """A template to release from and a service that was made from it, both for one history."""
        template, service = folder / "template", folder / "service"
        kept = self.folder / start.replace(", ", "-")
        if not kept.exists():
            done = self.template.copy(kept, {"project_name": "orders-api", **STARTS[start]})
            assert done.returncode == 0, done.stderr
        git(folder, "clone", "--quiet", "--shared", str(self.template.path), str(template))
        shutil.copytree(kept, service)
        replace(service / ".copier-answers.yml", str(self.template.path), str(template))
        git(service, "init", "--quiet")
        git(service, "add", "--all")
        git(service, "commit", "--quiet", "--message", "Begin")
        return Template(template), Service(service, {})


def make_starts(template: Path, folder: Path) -> Starts:
    """From a repository of the template; what the made-up versions need is added to a clone of it."""
    git(folder, "clone", "--quiet", str(template), str(folder / "template"))
    mine = Template(folder / "template")
    for tag in git(mine.path, "tag").split():
        git(mine.path, "tag", "--delete", tag)
    prepare(mine.path)
    mine.release("v1.0.0")
    return Starts(mine, folder)
