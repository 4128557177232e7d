"""Save an image, and walk its layers: what docker's and podman's `save` write, read without unpacking it."""

import gzip
import json
import posixpath
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool import engine

__all__ = ["Layer", "SavedImage", "save_image"]

CHUNK = 1 << 20


@dataclass(frozen=True)
class Layer:
    """One layer in the archive; `digest` is its diff id, the sha256 of the uncompressed tar."""

    archive: Path
    name: str
    digest: str

    @contextmanager
    def open_tar(self) -> Iterator[IO[bytes]]:
        """The layer's tar, uncompressed; docker with the containerd store saves layers compressed."""
        with tarfile.open(self.archive) as outer:
            held = open_member(outer, self.name)
            packed = held.read(2) == b"\x1f\x8b"
            held.seek(0)
            yield gzip.GzipFile(fileobj=held) if packed else held  # type: ignore[misc]

    def entries(self) -> Iterator[tuple[str, tarfile.TarInfo, IO[bytes] | None]]:
        """Each path below the root, what the tar says of it, and its content where it is a file."""
        with self.open_tar() as raw, tarfile.open(fileobj=raw) as tar:
            for member in tar:
                yield (
                    posixpath.normpath(f"/{member.name}").strip("/"),
                    member,
                    tar.extractfile(member) if member.isreg() else None,
                )

    def compressed(self) -> int:
        """Bytes that a registry ships: gzip, level 6."""
        packer, size = zlib.compressobj(6, wbits=31), 0
        with self.open_tar() as raw:
            while chunk := raw.read(CHUNK):
                size += len(packer.compress(chunk))
        return size + len(packer.flush())


@dataclass(frozen=True)
class SavedImage:
    """`config` is the image's configuration, as the OCI image specification has it; `engine` saved it."""

    config: Mapping[str, Any]
    layers: tuple[Layer, ...]
    engine: str = ""

    def step_of(self, number: int) -> str:
        """` (COPY file /file)`: the instruction that made layer `number`, where the history says it."""
        filled = [step for step in self.config.get("history", []) if not step.get("empty_layer")]
        words = str(filled[number].get("created_by", "")).split("#")[0].split() if len(filled) == len(self.layers) else []
        return f" ({' '.join(words)[:80]})" if words else ""


@contextmanager
def save_image(chosen: str, image: str) -> Iterator[SavedImage]:
    """The image of the engine `chosen`, for as long as the context lasts; raises Refusal with code 2 without it."""
    with TemporaryDirectory(prefix="lockstep-") as directory:
        archive = Path(directory, "image.tar")
        done = engine.run([chosen, "save", "--output", str(archive), image])
        if done.returncode:
            raise Refusal(
                f"not looked at: {image} cannot be saved",
                [(f"{chosen} save", (done.stderr.strip().splitlines() or ["no output"])[-1])],
                "Build it with `uv run noxfile.py -s image`; saving it takes space in the temporary directory.",
                code=COULD_NOT_LOOK,
            )
        with tarfile.open(archive) as tar:
            [manifest] = json.load(open_member(tar, "manifest.json"))
            config = json.load(open_member(tar, manifest["Config"]))
        digests = config["rootfs"]["diff_ids"]
        layers = (Layer(archive, name, digest) for name, digest in zip(manifest["Layers"], digests, strict=True))
        yield SavedImage(config, tuple(layers), chosen)


def open_member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    """A file of the archive; links are followed, because a layer may be stated once and named twice."""
    found = tar.extractfile(name)
    if found is None:
        raise ValueError(f"{name} is no file of the image archive")
    return found
