"""Images made on the spot: layers as a registry has them, the configuration, and what was seen of a run."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lockstep_tool.images.budget import Budget
from lockstep_tool.images.built_image import COMMAND, VARIABLES, BuiltImage
from lockstep_tool.images.contents import read_contents
from lockstep_tool.images.run_image import Run
from lockstep_tool.images.saved import Layer, SavedImage
from lockstep_tool.service import Service

__all__ = ["CONFIG", "HISTORY", "LABELS", "LAYERS", "RUN", "SITE", "Entry", "built_image", "entry", "link", "saved_image"]

SITE = "app/.venv/lib/python3.13/site-packages"
LABELS = {
    "org.opencontainers.image.source": "https://git.example.org/orders-api",
    "org.opencontainers.image.revision": "1234567",
    "org.opencontainers.image.version": "0.1.0",
    "lockstep.environment": "0123456789ab",
}
CONFIG: Mapping[str, Any] = {
    "User": "10001:10001",
    "Cmd": COMMAND,
    "StopSignal": "SIGTERM",
    "ExposedPorts": {"8000/tcp": {}},
    "Healthcheck": {"Test": ["CMD", COMMAND[0], "-m", "lockstep_serve", "health"]},
    "Env": [*(f"{name}={value}" for name, value in VARIABLES.items()), "LOCKSTEP_REVISION=1234567"],
    "Labels": LABELS,
}
# The base's layer, then the Dockerfile's: ENV, packages/runtime.txt, the environment, the service.
HISTORY: Sequence[Mapping[str, Any]] = (
    {"created_by": "bazel build"},
    {"created_by": "ENV PATH=/app/.venv/bin:/usr/local/bin LANG=C.UTF-8", "empty_layer": True},
    {"created_by": "COPY /system / # buildkit"},
    {"created_by": "COPY /app /app # buildkit"},
    {"created_by": "COPY /service /app # buildkit"},
)
RUN = Run(
    ready=True,
    lines=('{"message": "starting", "environment": "0123456789ab"}',),
    process_1=json.dumps([COMMAND, True]),
    answer=(200, "waited"),
    exit_code=0,
    exit_code_in_vain=1,
)


@dataclass(frozen=True)
class Entry:
    """A member of a layer."""

    path: str
    content: bytes = b""
    mode: int = 0o644
    owner: int = 0
    group: int = 0
    kind: bytes = tarfile.REGTYPE
    target: str = ""
    moment: int = 315532800


def entry(path: str, content: str = "", mode: int = 0o644, **other: Any) -> Entry:
    return Entry(path, content.encode(), mode, **other)


def link(path: str, target: str) -> Entry:
    return Entry(path, kind=tarfile.SYMTYPE, target=target)


BASE = (entry("etc/passwd", "root:x:0:0"), entry("usr/lib/libc.so.6", mode=0o755))
PACKAGES: tuple[Entry, ...] = (entry("usr/lib/libpq.so.5"),)
ENVIRONMENT = (
    entry(f"{SITE}/fastapi-1.0.dist-info/METADATA", "Name: fastapi"),
    entry(f"{SITE}/fastapi-1.0.dist-info/RECORD", "fastapi/tests/test_app.py,,\nfastapi/key.pem,,\n"),
    entry(f"{SITE}/fastapi/tests/test_app.py"),
    entry(f"{SITE}/fastapi/key.pem", "-----BEGIN PRIVATE KEY-----\nMIIEV"),
    entry(f"{SITE}/lockstep_serve/__init__.py"),
)
SERVICE = (entry(f"{SITE}/orders_api/app.py"), entry("app/uv.lock", "version = 1"))
LAYERS = (BASE, PACKAGES, ENVIRONMENT, SERVICE)


def saved_image(
    directory: Path,
    layers: Sequence[Sequence[Entry]],
    config: Mapping[str, Any] = CONFIG,
    history: Sequence[Mapping[str, Any]] = HISTORY,
    engine: str = "docker",
) -> SavedImage:
    """An image of these layers, as an engine saves it."""
    directory.mkdir(parents=True, exist_ok=True)
    archive, made = directory / "image.tar", []
    with tarfile.open(archive, "w") as outer:
        for number, entries in enumerate(layers):
            layer = pack(entries)
            member = tarfile.TarInfo(f"layer-{number}.tar")
            member.size = len(layer)
            outer.addfile(member, io.BytesIO(layer))
            made.append(Layer(archive, member.name, f"sha256:{hashlib.sha256(layer).hexdigest()}"))
    return SavedImage({"config": config, "history": list(history)}, tuple(made), engine)


def pack(entries: Sequence[Entry]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for one in entries:
            member = tarfile.TarInfo(one.path)
            member.type, member.linkname, member.mode, member.mtime = one.kind, one.target, one.mode, one.moment
            member.uid, member.gid, member.size = one.owner, one.group, len(one.content)
            tar.addfile(member, io.BytesIO(one.content))
    return file.getvalue()


def built_image(
    directory: Path,
    service: Service,
    *more: Entry,
    config: Mapping[str, Any] | None = None,
    run: Mapping[str, Any] | None = None,
    **other: Any,
) -> BuiltImage:
    """The good image with more entries in its last layer, other members of its configuration, and another run."""
    layers = [*LAYERS[:-1], (*SERVICE, *more)]
    saved = saved_image(directory, layers, {**CONFIG, **(config or {})})
    good = BuiltImage(
        service,
        Budget(),
        saved,
        read_contents(saved),
        (9_000_000, 10, 20_000_000, 100_000),
        replace(RUN, **(run or {})),
        LABELS,
        {"orders-api", "fastapi", "lockstep-serve"},
    )
    return replace(good, **other)
