"""Who is measured: each service, the bare hello of its framework under the same server, and what people start otherwise.

All answer the same at `/`, and have streams and WebSockets that do not end by themselves.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lockstep_serve.models import Model, find_model
from lockstep_serve.runtime import SETTINGS
from lockstep_tool.bench.candidate import Candidate
from lockstep_tool.stand_ins import stand_ins
from lockstep_tool.sync import production
from model_bench import BARE, DJANGO, OTHERS, PLAIN
from snapshot import Template

__all__ = ["DRAIN", "LEAD", "Contestant", "make_contestants"]

LEAD, DRAIN = 1.0, 6  # seconds, of the services whose end is measured

OPEN_ENDED = {
    "fastapi": """
import asyncio
from collections.abc import AsyncIterator
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
try:
    from lockstep_serve import ending
except ImportError:
    ending = bool
router = APIRouter()

async def tick(ends: bool) -> AsyncIterator[bytes]:
    while not (ends and ending()):
        yield b"."
        await asyncio.sleep(0.05)

@router.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(tick(False))

@router.get("/events")
async def events() -> StreamingResponse:
    return StreamingResponse(tick(True))

@router.websocket("/idle")
async def idle(socket: WebSocket) -> None:
    await socket.accept()
    try:
        await socket.receive_text()
    except WebSocketDisconnect:
        pass

@router.websocket("/push")
async def push(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text("tick")
            await asyncio.sleep(0.05)
    except WebSocketDisconnect:
        pass
""",
    "flask": """
import time
from flask import Blueprint, Response
try:
    from lockstep_serve import ending
except ImportError:
    ending = bool
blueprint = Blueprint("open_ended", __name__)

def tick(ends):
    while not (ends and ending()):
        yield b"."
        time.sleep(0.05)

@blueprint.get("/stream")
def stream():
    return Response(tick(False))

@blueprint.get("/events")
def events():
    return Response(tick(True))
""",
}
ADDED = {
    "fastapi": "app.include_router(open_ended.router)",
    "flask": "app.register_blueprint(open_ended.blueprint)",
}
APPLICATION = "src/hello_service/app.py"
# Of Django's own middleware, what a service has: `check --deploy` demands all of it. Nothing of ours is among it.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


@dataclass(frozen=True)
class Contestant:
    """`rival` is the bare one that a service is held against, or a bare one with Django's middleware; "" of all others.

    `model` is that of a service.
    """

    framework: str
    candidate: Candidate
    rival: str = ""
    model: Model | None = None

    @property
    def name(self) -> str:
        return self.candidate.name


def make_contestants(framework: str, models: Sequence[str], folder: Path) -> list[Contestant]:
    """Services of this framework below `folder`, each beside its rival; then the others."""
    found = []
    for name in models:
        model, root = find_model(name, "server.toml"), folder / f"{framework}-{name}"
        if not root.exists():
            make_service(framework, name, root, Template(folder / "template"))
        python = production(root)
        bare = describe_bare(f"bare {name}", python, PLAIN[name], write_bare(framework, model.interface, root))
        found += [Contestant(framework, describe_service(model, root, python), bare.name, model), Contestant(framework, bare)]
        if framework == "django":
            written = write_bare(framework, model.interface, root / "middleware", MIDDLEWARE)
            more = describe_bare(f"{bare.name}, Django's middleware", python, PLAIN[name], written)
            found.append(Contestant(framework, more, bare.name))
    for name, words in OTHERS[framework].items():
        bare = describe_bare(name, Path(sys.executable), words, write_bare(framework, "", folder / framework))
        found.append(Contestant(framework, bare))
    return found


def make_service(framework: str, model: str, root: Path, template: Template) -> None:
    """As it is born, with the paths that do not end where their ends are measured."""
    done = template.copy(root, {"project_name": "hello-service", "framework": framework, "server": model})
    if done.returncode:
        sys.exit(done.stderr)
    if framework in OPEN_ENDED:
        application, added = root / APPLICATION, ADDED[framework]
        (application.parent / "open_ended.py").write_text(OPEN_ENDED[framework], encoding="utf-8")
        text = application.read_text(encoding="utf-8")
        inside = f"    from . import open_ended\n\n    {added}\n    return app\n"
        application.write_text(text.replace("    return app\n", inside), encoding="utf-8")


def describe_service(model: Model, root: Path, python: Path) -> Candidate:
    settings: Mapping[str, str] = {
        **SETTINGS,
        **stand_ins(root),
        "PORT": "{port}",
        "SERVER_HOST": "127.0.0.1",
        "SERVER_DRAIN_LEAD": f"{LEAD:g}",
        "SERVER_DRAIN": str(DRAIN),
        "WEB_CONCURRENCY": "{workers_or_cpus}",
    }
    return Candidate(model.name, [str(python), "-m", "lockstep_serve", "serve"], settings, {"plain": ["/"]}, root=str(root))


def write_bare(framework: str, interface: str, folder: Path, middleware: Sequence[str] = ()) -> Path:
    """The folder of a bare application of this framework."""
    folder = folder / "bare"
    folder.mkdir(parents=True, exist_ok=True)
    text = BARE[framework].format(**DJANGO[interface]) if framework == "django" else BARE[framework]
    text = text.replace("MIDDLEWARE=[]", f"MIDDLEWARE={[*middleware]}")
    if framework in OPEN_ENDED:
        (folder / "open_ended.py").write_text(OPEN_ENDED[framework], encoding="utf-8")
        text += f"\nimport open_ended\n{ADDED[framework]}\n"
    (folder / "app.py").write_text(text, encoding="utf-8")
    return folder


def describe_bare(name: str, python: Path, words: Sequence[str], folder: Path) -> Candidate:
    """Started where its application lies, with as many workers as the services have."""
    told = [word.replace("{workers}", "{workers_or_cpus}") for word in words]
    settings = {"PYTHONPATH": str(folder), "PYTHONUNBUFFERED": "1"}
    return Candidate(name, [str(python), *told], settings, {"plain": ["/"]}, ready="/", folder=str(folder))
