"""Services that went through their one command, each once for all test processes: as CI runs it, or on a laptop."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services import Service
from shared import make_once

__all__ = ["ASGI", "FIT", "LAPTOP", "SESSIONS", "WITHOUT_IMAGE", "WITH_IMAGE", "WSGI", "Ran", "run_once"]

ASGI = ("uvicorn", "uvicorn-workers", "gunicorn-uvicorn", "gunicorn-asgi")
WSGI = ("gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent")
FIT: Mapping[str, tuple[str, ...]] = {"fastapi": ASGI, "flask": WSGI, "django": (*ASGI, *WSGI)}

SESSIONS = ("lock", "pins", "lint", "types", "tests", "prove", "image", "parity")
# What does without a container engine; `lint` looks at code that is the same in every service of a framework.
WITHOUT_IMAGE = ("lock", "pins", "types", "tests", "prove")
# One of each framework is built as an image and compared, with the lot of what CI does.
WITH_IMAGE = ("fastapi-uvicorn", "flask-gunicorn-gthread", "django-gunicorn-asgi")
# One is looked at as on a laptop that has no container engine.
LAPTOP = "flask-gunicorn-sync"


@dataclass(frozen=True)
class Ran:
    """`service` after its one command, with the settings that reach the engine.

    `printed`, `summary` and `report` are what it said then: other tests let sessions of the same service write new ones.
    """

    service: Service
    code: int
    printed: str
    summary: str
    report: Mapping[str, list[dict[str, object]]]

    @property
    def tag(self) -> str:
        """The image that it built."""
        return f"localhost/{self.service.name}:lockstep"

    def environments(self) -> dict[str, str]:
        """The environment id of each environment, by its name."""
        return {str(row["environment"]): str(row["id"]) for row in self.report["environments"]}


def run_once(folder: Path, render: Callable[[], Path], settings: Mapping[str, str], *sessions: str) -> Ran:
    """What the one command, or these sessions of it, said of the service that `render` gives; run when nobody has yet."""
    service = Service(render(), settings)

    def run(fresh: Path) -> None:
        fresh.mkdir(exist_ok=True)
        done = service.nox(*sessions, GITHUB_STEP_SUMMARY=str(fresh / "summary.md"))
        # Without `parity` among the sessions, or when it was not reached, there is none.
        written = service.path / ".nox" / "report" / "report.json"
        report = service.report() if written.exists() else {}
        (fresh / "ran.json").write_text(json.dumps({"code": done.returncode, "printed": done.stdout, "report": report}))

    made = make_once(folder, run)
    ran, summary = json.loads((made / "ran.json").read_text()), made / "summary.md"
    said = summary.read_text() if summary.exists() else ""
    return Ran(service, ran["code"], ran["printed"], said, ran["report"])
