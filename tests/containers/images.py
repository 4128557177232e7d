"""Look into a saved image, and compare two of them layer by layer; works for docker's and podman's `save`."""

import gzip
import hashlib
import io
import json
import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .engine import Engine

__all__ = ["Entry", "Image", "Layer", "differences", "image", "read_image"]


@dataclass(frozen=True)
class Entry:
    """One name in a layer, with everything about it that a registry would ship."""

    kind: str
    mode: int
    owner: tuple[int, int]
    size: int
    modified: float
    link: str
    sha256: str


@dataclass(frozen=True)
class Layer:
    """One layer: its digest (diff id), its sizes in bytes, its entries in their order."""

    digest: str
    size: int
    compressed: int
    entries: Mapping[str, Entry] = field(repr=False)


@dataclass(frozen=True)
class Image:
    """An image as it would be pushed."""

    config: Mapping[str, Any]
    layers: tuple[Layer, ...]

    @property
    def compressed(self) -> int:
        """Bytes that a machine without any of the layers downloads (gzip, level 6)."""
        return sum(layer.compressed for layer in self.layers)

    @property
    def last(self) -> Layer:
        """The last layer that has something in it; metadata steps leave empty ones."""
        return next(layer for layer in reversed(self.layers) if layer.entries)

    @property
    def files(self) -> dict[str, Entry]:
        """What a container sees: later layers over earlier ones, removals applied."""
        seen: dict[str, Entry] = {}
        for layer in self.layers:
            for name in layer.entries:
                directory, file = posixpath.split(name)
                if file.startswith(".wh."):
                    gone = directory if file == ".wh..wh..opq" else posixpath.join(directory, file.removeprefix(".wh."))
                    seen = {n: e for n, e in seen.items() if n != gone and not n.startswith(f"{gone}/")}
            seen |= {n: e for n, e in layer.entries.items() if not posixpath.basename(n).startswith(".wh.")}
        return seen


def image(engine: Engine, name: str, directory: Path) -> Image:
    """The image `name` of the engine, saved below `directory`."""
    archive = directory / f"{hashlib.sha256(name.encode()).hexdigest()[:12]}.tar"
    archive.unlink(missing_ok=True)
    engine("save", "--output", archive, name)
    return read_image(archive)


def read_image(archive: Path) -> Image:
    """The image in a file that `docker save` or `podman save` wrote."""
    with tarfile.open(archive) as tar:
        manifest = json.loads(content(tar, "manifest.json"))[0]
        layers = tuple(layer(content(tar, name)) for name in manifest["Layers"])
        return Image(json.loads(content(tar, manifest["Config"])), layers)


def content(tar: tarfile.TarFile, name: str) -> bytes:
    # Links are followed, for layers that an archive states once and names twice.
    file = tar.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is not a file of the image archive.")
    return file.read()


def layer(blob: bytes) -> Layer:
    raw = gzip.decompress(blob) if blob.startswith(b"\x1f\x8b") else blob
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        entries = dict(read_entries(tar))
    return Layer(hashlib.sha256(raw).hexdigest(), len(raw), len(gzip.compress(raw, 6, mtime=0)), entries)


def read_entries(tar: tarfile.TarFile) -> Iterator[tuple[str, Entry]]:
    for member in tar:
        file = tar.extractfile(member) if member.isreg() else None
        digest = hashlib.sha256(file.read()).hexdigest() if file else ""
        owner = (member.uid, member.gid)
        entry = Entry(
            member.type.decode(), member.mode & 0o7777, owner, member.size, float(member.mtime), member.linkname, digest
        )
        yield member.name.removeprefix("./"), entry


def differences(one: Image, other: Image) -> list[str]:
    """Sentences naming what differs; empty when all layers and the configuration are the same bits."""
    found = []
    if len(one.layers) != len(other.layers):
        found.append(f"{len(one.layers)} layers against {len(other.layers)}")
    for number, (left, right) in enumerate(zip(one.layers, other.layers, strict=False)):
        if left.digest == right.digest:
            continue
        names = [n for n in sorted({*left.entries, *right.entries}) if left.entries.get(n) != right.entries.get(n)]
        told = [f"layer {number}: {name}: {left.entries.get(name)} against {right.entries.get(name)}" for name in names]
        found += told or [f"layer {number}: same entries, other order or encoding"]
    for key in sorted({*one.config, *other.config}):
        if one.config.get(key) != other.config.get(key):
            found.append(f"configuration: {key}: {one.config.get(key)} against {other.config.get(key)}")
    return found
