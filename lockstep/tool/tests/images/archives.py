"""Images made on the spot: layers as a registry has them, the configuration, and what was seen of a run."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lockstep_tool.images.base import Base
from lockstep_tool.images.budget import Budget
from lockstep_tool.images.built_image import COMMAND, HEALTH, USER, VARIABLES, BuiltImage
from lockstep_tool.images.contents import read_contents
from lockstep_tool.images.explained import encode_digest
from lockstep_tool.images.run_image import Run
from lockstep_tool.images.saved import Layer, SavedImage
from lockstep_tool.service import Service

__all__ = [
    "CONFIG",
    "HISTORY",
    "LABELS",
    "LAYERS",
    "PREFIX",
    "RUN",
    "SITE",
    "Entry",
    "built_image",
    "directory",
    "entry",
    "hard_link",
    "link",
    "list_of",
    "record_of",
    "saved_image",
]

PREFIX = "python/cpython-3.13.9-linux-x86_64-gnu"
SITE = "app/.venv/lib/python3.13/site-packages"
LABELS = {
    "org.opencontainers.image.source": "https://git.example.org/orders-api",
    "org.opencontainers.image.revision": "1234567",
    "org.opencontainers.image.version": "0.1.0",
    "lockstep.environment": "0123456789ab",
}
CONFIG: Mapping[str, Any] = {
    "User": USER,
    "WorkingDir": "/app",
    "Cmd": COMMAND,
    "StopSignal": "SIGTERM",
    "ExposedPorts": {"8000/tcp": {}},
    "Healthcheck": HEALTH,
    "Env": [*(f"{name}={value}" for name, value in VARIABLES.items()), "LOCKSTEP_REVISION=1234567"],
    "Labels": LABELS,
}
# The base's layer, then the Dockerfile's: ENV, packages/runtime.txt, the interpreter, the environment, the service.
HISTORY: Sequence[Mapping[str, Any]] = (
    {"created_by": "bazel build"},
    {"created_by": "ENV PATH=/app/.venv/bin:/usr/local/bin LANG=C.UTF-8", "empty_layer": True},
    {"created_by": "COPY /system / # buildkit"},
    {"created_by": "COPY /python /python # buildkit"},
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
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def state(self) -> str:
        """What a list says of it."""
        return f"link:{self.target}" if self.target else "directory" if self.kind == tarfile.DIRTYPE else sha256(self.content)


def entry(path: str, content: str = "", mode: int = 0o644, **other: Any) -> Entry:
    return Entry(path, content.encode(), mode, **other)


def directory(path: str) -> Entry:
    return Entry(path, mode=0o755, kind=tarfile.DIRTYPE)


def hard_link(path: str, target: str) -> Entry:
    return Entry(path, kind=tarfile.LNKTYPE, target=target)


def link(path: str, target: str) -> Entry:
    return Entry(path, kind=tarfile.SYMTYPE, target=target)


def list_of(entries: Sequence[Entry], directory: str = "") -> str:
    """What a build lists of these files and links, by their names below `directory`."""
    states = ((one.state, one.path.removeprefix(directory)) for one in entries)
    return "".join(f"{state}  {path}\n" for state, path in states)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def record_of(*entries: Entry) -> str:
    """What a RECORD says of these files in site-packages."""
    rows = ((one.path.removeprefix(f"{SITE}/"), encode_digest(sha256(one.content)), len(one.content)) for one in entries)
    return "".join(f"{path},sha256={digest},{size}\n" for path, digest, size in rows)


BASE = (entry("etc/passwd", "root:x:0:0"), entry("usr/lib/libc.so.6", mode=0o755))
DEBIAN = (entry("usr/lib/libpq.so.5.17"), link("usr/lib/libpq.so.5", "libpq.so.5.17"), directory("etc/gss"))
PACKAGES: tuple[Entry, ...] = (*DEBIAN, entry("var/lib/dpkg/SHA256SUMS", list_of(DEBIAN)))
INSTALLED = (
    directory(PREFIX),
    entry(f"{PREFIX}/bin/python3.13", "ELF", 0o755),
    link(f"{PREFIX}/bin/python3", "python3.13"),
    entry(f"{PREFIX}/lib/python3.13/json/decoder.py", "import re\n"),
)
INTERPRETER = (*INSTALLED, entry("python/SHA256SUMS", list_of(INSTALLED, "python/")))
WHEEL = (entry(f"{SITE}/fastapi/tests/test_app.py"), entry(f"{SITE}/fastapi/key.pem", "-----BEGIN PRIVATE KEY-----\nMIIEV"))
ENVIRONMENT = (
    entry(f"{SITE}/fastapi-1.0.dist-info/METADATA", "Name: fastapi"),
    entry(f"{SITE}/fastapi-1.0.dist-info/RECORD", record_of(*WHEEL)),
    *WHEEL,
    entry(f"{SITE}/fastapi/__pycache__/key.cpython-313.pyc", "code"),
    entry(f"{SITE}/lockstep_serve/__init__.py"),
)
SERVICE = (entry(f"{SITE}/orders_api/app.py"), entry("app/uv.lock", "version = 1"))
LAYERS = (BASE, PACKAGES, INTERPRETER, ENVIRONMENT, SERVICE)


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
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for one in entries:
            member = tarfile.TarInfo(one.path)
            member.type, member.linkname, member.mode, member.mtime = one.kind, one.target, one.mode, one.moment
            member.uid, member.gid, member.size = one.owner, one.group, len(one.content)
            member.pax_headers = dict(one.headers)
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
        Base("localhost/base:1", (saved.layers[0].digest,)),
        read_contents(saved, 1),
        (9_000_000, 10, 10_000_000, 20_000_000, 100_000),
        replace(RUN, **(run or {})),
        LABELS,
        {"orders-api", "fastapi", "lockstep-serve"},
    )
    return replace(good, **other)
