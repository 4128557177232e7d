"""Faults of the service's own code that no file shows: `prove` starts its server and sees what it does."""

from .fault import Fault, Plant
from .planting import append, both, edit, variables
from .scene import Scene

__all__ = ["FAULTS", "SERVER"]

SERVER = "server"
APP, HELLO = "src/orders_api/app.py", "src/orders_api/hello.py"
STREAM = """
from collections.abc import AsyncIterator  # noqa: E402
import asyncio  # noqa: E402
from fastapi.responses import StreamingResponse  # noqa: E402


async def drip() -> AsyncIterator[str]:
    while True:
        yield "on and on"
        await asyncio.sleep(0.1)


@router.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(drip())
"""
KEPT = 'KEPT: list[object] = []\n\n\n@router.get("/")\n'
OPENED = "    KEPT.append(open(__file__))\n    return Welcome("
SILENT = """
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: E402
from lockstep_serve.on_uvicorn.http_protocol import DrainingProtocol  # noqa: E402

DrainingProtocol.connection_made = HttpToolsProtocol.connection_made  # type: ignore[method-assign]
"""


def streaming(scene: Scene) -> None:
    append(HELLO, STREAM)(scene)
    edit("pyproject.toml", 'requests = ["/", ', 'requests = ["/", "/stream", ')(scene)


def leaking(scene: Scene) -> None:
    edit(HELLO, '@router.get("/")\n', KEPT)(scene)
    edit(HELLO, "    return Welcome(", OPENED)(scene)


def proved(name: str, step: str, plant: Plant, said: str) -> Fault:
    return Fault(name, plant, "prove", step, said, SERVER)


ZONE = '\nimport os, time  # noqa: E401,E402\n\nos.environ["TZ"] = "Asia/Tokyo"\ntime.tzset()\n'
WARNING = '\nimport warnings  # noqa: E402\n\nwarnings.warn("old", DeprecationWarning)\n'
PATH = '\nimport sys  # noqa: E402\n\nsys.path.insert(0, "/opt/shared")\n'

FAULTS = (
    proved("a path that streams for ever", "answers its own requests", streaming, "GET /stream: no answer that ends"),
    proved("a time zone set by an import", "keeps search path and time zone", append(APP, ZONE), "the time zone is JST"),
    proved("a search path changed by an import", "keeps search path and time zone", append(APP, PATH), "'/opt/shared'"),
    proved("a file that each request leaves open", "leaves no file open", leaking, "hello.py"),
    proved(
        "silent clients that are kept for ever", "outlives silent clients", append(APP, SILENT), "nobody is served beside 100"
    ),
    proved("text among the lines of the log", "logs nothing but JSON", append(APP, '\nprint("ready")\n'), "'ready'"),
    proved(
        "warnings that the shell makes errors",
        "becomes ready",
        both(append(APP, WARNING), variables(PYTHONWARNINGS="error")),
        "PYTHONWARNINGS",
    ),
)
