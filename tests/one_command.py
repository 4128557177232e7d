"""Services that went through their one command, each once for all test processes: as CI runs it, or on a laptop."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services import Service
from shared import make_once

__all__ = ["ASGI", "FIT", "LAPTOP", "SESSIONS", "WITHOUT_IMAGE", "WITH_IMAGE", "WSGI", "Ran", "choose_sessions", "run_once"]

ASGI = ("uvicorn", "uvicorn-workers", "gunicorn-uvicorn", "gunicorn-asgi")
WSGI = ("gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent")
FIT: Mapping[str, tuple[str, ...]] = {"fastapi": ASGI, "flask": WSGI, "django": (*ASGI, *WSGI)}

SESSIONS = ("lock", "pins", "lint", "types", "tests", "prove", "image", "parity")
# What does without a container engine, and of it what differs from one server model to the next.
WITHOUT_IMAGE = ("lock", "pins", "types", "tests", "prove")
OF_THE_MODEL = ("lock", "pins", "prove")
# One of each framework is built as an image and compared, with the lot of what CI does.
WITH_IMAGE = ("fastapi-uvicorn", "flask-gunicorn-gthread", "django-gunicorn-asgi")
# One is looked at as on a laptop that has no container engine.
LAPTOP = "flask-gunicorn-sync"
# The code is the same under every model of a framework: these are checked and tested besides those above, because they have the
# fewest packages, or the other interface.
WITH_CODE = ("fastapi-gunicorn-asgi", "django-gunicorn-gthread")


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


def choose_sessions(combination: str) -> tuple[str, ...]:
    """The sessions that a combination goes through here; the session `every_model` runs all of each."""
    if combination in WITH_IMAGE:
        return SESSIONS
    if combination == LAPTOP:
        return ("lint", *WITHOUT_IMAGE)
    return WITHOUT_IMAGE if combination in WITH_CODE else OF_THE_MODEL


def run_once(folder: Path, render: Callable[[], Path], settings: Mapping[str, str], *sessions: str) -> Ran:
    """What the one command, or these sessions of it, said of a copy of what `render` gives; run when nobody has yet."""
    service = Service(folder / "service", settings)

    def run(fresh: Path) -> None:
        Service(render(), {}).copy(service.path)
        done = service.nox(*sessions, GITHUB_STEP_SUMMARY=str(fresh / "summary.md"))
        # Without `parity` among the sessions, or when it was not reached, there is none.
        written = service.path / ".nox" / "report" / "report.json"
        report = service.report() if written.exists() else {}
        (fresh / "ran.json").write_text(json.dumps({"code": done.returncode, "printed": done.stdout, "report": report}))

    made = make_once(folder, run)
    ran, summary = json.loads((made / "ran.json").read_text()), made / "summary.md"
    said = summary.read_text() if summary.exists() else ""
    return Ran(service, ran["code"], ran["printed"], said, ran["report"])
