"""A service of a few lines, written on the spot, and its server: good as it is, to plant faults in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lockstep_serve.definition import read_definition
from lockstep_serve.runtime import SETTINGS
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.production import Production
from lockstep_tool.prove.steps_serving import become_ready
from lockstep_tool.service import Service

__all__ = ["INHERITED", "TinyService", "write_tiny_service"]

DEFINITIONS = Path(__file__).parents[3] / "questions" / "servers"
PROJECT = '[project]\nname = "tiny"\n\n[tool.lockstep]\nrequests = ["/", "/other"]\n'
LOGS = """\
import json
import logging

FACTS = ("held_ms", "where", "request_id", "status", "ended_by")


class Line(logging.Formatter):
    def format(self, record):
        facts = {name: getattr(record, name) for name in FACTS if hasattr(record, name)}
        return json.dumps({"level": record.levelname, "logger": record.name, "message": record.getMessage(), **facts})


def config():
    stdout = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}
    root = {"level": "INFO", "handlers": ["stdout"]}
    return {"version": 1, "formatters": {"line": {"()": Line}}, "handlers": {"stdout": stdout}, "root": root}
"""
ANSWERS = """\
import json

import lockstep_serve


def ready():
    return 503 if lockstep_serve.draining() else 200


def answer(path):
    if path == "/health/ready":
        return ready(), "ready"
    if path == "/version":
        return 200, json.dumps({"environment": lockstep_serve.identity().environment})
    return (200, "fine") if path in {"/", "/other", "/health/live"} else (404, "unknown")
"""
ASGI = """\
from tiny import answers


def create_app():
    async def app(scope, receive, send):
        status, body = answers.answer(scope["path"])
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode()})

    return app
"""
WSGI = """\
from tiny import answers


def create_app():
    def app(environ, start_response):
        status, body = answers.answer(environ["PATH_INFO"])
        start_response(f"{status} Said", [("Content-Length", str(len(body)))])
        return [body.encode()]

    return app
"""
INHERITED = ("SERVER_", "LOCKSTEP_", "UVICORN_", "GUNICORN_", "LISTEN_", "PORT", "WEB_CONCURRENCY", "FORWARDED_")


class TinyCheckout(Service):
    """The service's repository; it declares what the interpreter of these tests is."""

    @cached_property
    def package(self) -> Path:
        return self.root / "src" / "tiny"

    def environment(self, _: Mapping[str, str]) -> str:
        program = "import lockstep_serve; print(lockstep_serve.identity().environment)"
        settings = {**os.environ, **SETTINGS}
        return subprocess.run(
            [sys.executable, "-c", program], env=settings, capture_output=True, text=True, check=True
        ).stdout.strip()


@dataclass(frozen=True)
class TinyService:
    """`root` is its repository. What is below its `src` can be imported by every Python that the test starts."""

    root: Path

    @property
    def production(self) -> Production:
        service = TinyCheckout(self.root)
        definition = read_definition(service.package / "server.toml", {})
        return Production(service, Path(sys.executable), service.package, definition, {})

    def plant(self, file: str, code: str) -> None:
        """Append code to a module of the package; in `sitecustomize.py`, to what every process begins with."""
        path = self.root / "src" / file
        path.write_text((path.read_text(encoding="utf-8") if path.exists() else "") + f"\n\n{code}\n", encoding="utf-8")

    @contextmanager
    def serving(self, **values: object) -> Iterator[Server]:
        """Its server when it is ready, with these values of server.toml; one worker, no lead."""
        with Server(self.production, {"workers": 1, "drain_lead": 0, **values}) as server:
            become_ready(server)
            yield server


def write_tiny_service(root: Path, model: str) -> TinyService:
    """A service of this model, whose metadata lies beside its package."""
    package, metadata = root / "src" / "tiny", root / "src" / "tiny-1.0.dist-info"
    package.mkdir(parents=True)
    metadata.mkdir()
    shutil.copy(DEFINITIONS / f"{model}.toml", package / "server.toml")
    interface = read_definition(package / "server.toml", {}).model.interface
    for file, text in {"__init__": "", "logs": LOGS, "answers": ANSWERS, "app": {"ASGI": ASGI, "WSGI": WSGI}[interface]}.items():
        (package / f"{file}.py").write_text(text, encoding="utf-8")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n", encoding="utf-8")
    points = "[lockstep_serve]\napp = tiny.app:create_app\nlogs = tiny.logs:config\n"
    (metadata / "entry_points.txt").write_text(points, encoding="utf-8")
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    return TinyService(root)
