"""Every file of an image with the layer that brought it, and whose layer that is: the base's, the list's, or ours."""

import posixpath
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lockstep_tool.images.saved import SavedImage

__all__ = ["BASE", "OURS", "PACKAGES", "Contents", "File", "paths_by_owner", "read_contents"]

BASE, PACKAGES, OURS = "the base", "packages/runtime.txt", "the Dockerfile"
# The Dockerfile's first instruction above the base, as every engine writes it into the history.
FIRST = "ENV PATH=/app/.venv/bin:"
START = 1 << 20  # bytes of a file that are looked into for secrets


@dataclass(frozen=True)
class File:
    """One name: what the tar says of it, and who brought it; `start` is how it begins, unless it is the base's."""

    path: str
    member: tarfile.TarInfo
    layer: int
    owner: str
    start: bytes = b""

    @property
    def name(self) -> str:
        return posixpath.basename(self.path)


@dataclass(frozen=True)
class Contents:
    """`files` is what a container sees; `below` is the number of layers that are the base's."""

    files: dict[str, File]
    below: int
    records: dict[str, str]
    """Path of a RECORD → its text."""

    def owned(self) -> Iterator[str]:
        """Paths that a distribution's RECORD names."""
        for record, text in self.records.items():
            site = posixpath.dirname(posixpath.dirname(record))
            for line in text.splitlines():
                yield posixpath.normpath(posixpath.join(site, line.rpartition(",")[0].rpartition(",")[0].strip('"')))


def read_contents(image: SavedImage) -> Contents:
    """One walk through all layers, later ones over earlier ones, removals applied."""
    owners = owners_of_layers(image)
    files: dict[str, File] = {}
    records: dict[str, str] = {}
    for number, layer in enumerate(image.layers):
        owner = owners[number]
        for path, member, content in layer.entries():
            name = posixpath.basename(path)
            if name.startswith(".wh."):
                remove(files, posixpath.dirname(path), name.removeprefix(".wh."))
                continue
            start = content.read(START) if content and owner != BASE else b""
            files[path] = File(path, member, number, owner, start)
            if content and name == "RECORD":
                content.seek(0)
                records[path] = content.read().decode(errors="replace")
    return Contents(files, owners.count(BASE), {path: text for path, text in records.items() if path in files})


def remove(files: dict[str, File], directory: str, name: str) -> None:
    """What a whiteout takes away: one name, or (`.wh..opq`) everything below a directory."""
    gone = f"{directory}/" if name == ".wh..opq" else posixpath.join(directory, name)
    for path in [path for path in files if path == gone or path.startswith(f"{gone.rstrip('/')}/")]:
        del files[path]


def owners_of_layers(image: SavedImage) -> list[str]:
    """Whose each layer is, by the history; all are ours where the history does not say."""
    steps = image.config.get("history", [])
    filled = [step for step in steps if not step.get("empty_layer")]
    firsts = [number for number, step in enumerate(steps) if FIRST in step.get("created_by", "")]
    if not firsts or len(filled) != len(image.layers):
        return [OURS] * len(image.layers)
    below = sum(not step.get("empty_layer") for step in steps[: firsts[0]])
    return [*[BASE] * below, PACKAGES, *[OURS] * (len(image.layers) - below - 1)]


def paths_by_owner(files: Iterable[File]) -> Iterator[tuple[str, list[str]]]:
    """Whose layers bring these files, and their paths, both in order."""
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(file.owner, []).append(file.path)
    for owner in sorted(found):
        yield owner, sorted(found[owner])
