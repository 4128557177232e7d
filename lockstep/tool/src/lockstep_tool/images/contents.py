"""Every file of an image with the layer that brought it, and whose layer that is: the base's, the list's, or ours."""

import hashlib
import posixpath
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from lockstep_tool.images.saved import SavedImage

__all__ = ["BASE", "LISTS", "OURS", "PACKAGES", "RECORD", "Contents", "File", "paths_by_owner", "read_contents"]

BASE, PACKAGES, OURS = "the base", "packages/runtime.txt", "the Dockerfile"
# The Dockerfile's first instruction above the base, as every engine writes it into the history.
FIRST = "ENV PATH=/app/.venv/bin:"
START = 1 << 20  # bytes of a file that are looked into for secrets
RECORD = "RECORD"
# What the Dockerfile lists of the interpreter and of the Debian packages → the directory that its names are below.
LISTS = {"python/SHA256SUMS": "python", "var/lib/dpkg/SHA256SUMS": ""}
OPAQUE = ".wh..wh..opq"


@dataclass(frozen=True)
class File:
    """One name: what the tar says of it, and who brought it.

    `start` is how it begins and `digest` the sha256 of all of it, unless it is the base's; a hard link has those of what it
    names.
    """

    path: str
    member: tarfile.TarInfo
    layer: int
    owner: str
    start: bytes = b""
    digest: str = ""

    @property
    def name(self) -> str:
        return posixpath.basename(self.path)

    @property
    def state(self) -> str:
        """What it is, as the lists say it: the sha256 of a file, `link:` with the target, or a word for anything else."""
        if self.member.issym():
            return f"link:{self.member.linkname}"
        return self.digest or ("directory" if self.member.isdir() else "special")


@dataclass(frozen=True)
class Contents:
    """`files` is what a container sees, `hidden` what a later layer replaces or takes away; `below` layers are the base's.

    `taken` are names that a layer above the base takes away from it.
    """

    files: dict[str, File]
    below: int
    texts: Mapping[str, str]
    """Path of a RECORD or of a list → its text."""
    hidden: tuple[File, ...] = ()
    taken: tuple[str, ...] = ()

    def owned(self) -> Iterator[str]:
        """Paths that a distribution's RECORD names."""
        for record, text in self.texts.items():
            site = posixpath.dirname(posixpath.dirname(record))
            for line in text.splitlines() if posixpath.basename(record) == RECORD else ():
                yield posixpath.normpath(posixpath.join(site, line.rpartition(",")[0].rpartition(",")[0].strip('"')))

    def listed(self, name: str) -> dict[str, str]:
        """Path → state of everything that one of the LISTS has; empty where there is no such list."""
        rows = (line.split("  ", 1) for line in self.texts.get(name, "").splitlines() if "  " in line)
        return {self.follow_base(posixpath.normpath(posixpath.join(LISTS[name], path))): state for state, path in rows}

    def follow_base(self, path: str) -> str:
        """Where a path is that a package puts below /lib or /bin, which are links in a base: to /usr/lib and /usr/bin."""
        top, _, rest = path.partition("/")
        link = self.files.get(top)
        return posixpath.join(link.member.linkname.strip("/"), rest) if rest and link and link.member.issym() else path

    def added(self) -> Iterator[File]:
        """What the base did not bring."""
        return (file for file in self.files.values() if file.owner != BASE)


def read_contents(image: SavedImage, base: int | None = None) -> Contents:
    """One walk through all layers, later ones over earlier ones, removals applied.

    The first `base` layers are the base's; the history says how many where nobody does.
    """
    owners = owners_of_layers(image, base)
    files: dict[str, File] = {}
    texts: dict[str, str] = {}
    hidden: list[File] = []
    taken: list[str] = []
    for number, layer in enumerate(image.layers):
        owner = owners[number]
        for path, member, content in layer.entries():
            directory, name = posixpath.split(path)
            if name.startswith(".wh."):
                gone = list(remove(files, directory, name, number))
                taken += [file.path for file in gone if file.owner == BASE]
            else:
                gone = [files[path]] if path in files else []
                files[path] = read_file(path, member, content, files, number, owner)
                if content and (name == RECORD or path in LISTS):
                    content.seek(0)
                    texts[path] = content.read().decode(errors="replace")
            hidden += [file for file in gone if file.owner != BASE and file.member.isreg()]
    texts = {path: text for path, text in texts.items() if path in files}
    return Contents(files, owners.count(BASE), texts, tuple(hidden), tuple(taken))


def read_file(
    path: str, member: tarfile.TarInfo, content: IO[bytes] | None, files: Mapping[str, File], number: int, owner: str
) -> File:
    """A member of a layer; of the base's no byte is read."""
    if owner == BASE:
        return File(path, member, number, owner)
    if member.islnk():
        named = files.get(member.linkname.removeprefix("./").strip("/"))
        return File(path, member, number, owner, named.start if named else b"", named.digest if named else "")
    if content is None:
        return File(path, member, number, owner)
    start = content.read(START)
    digest = hashlib.sha256(start)
    while piece := content.read(START):
        digest.update(piece)
    return File(path, member, number, owner, start, digest.hexdigest())


def remove(files: dict[str, File], directory: str, name: str, number: int) -> Iterator[File]:
    """Take away what a whiteout of layer `number` names of those below it: one name, or everything below a directory."""
    gone = f"{directory}/" if name == OPAQUE else posixpath.join(directory, name.removeprefix(".wh."))
    for path, file in list(files.items()):
        if file.layer < number and (path == gone or path.startswith(f"{gone.rstrip('/')}/")):
            yield files.pop(path)


def owners_of_layers(image: SavedImage, base: int | None = None) -> list[str]:
    """Whose each layer is: `base` of them the base's, or as many as the history says; all are ours where it does not say."""
    if base is None:
        steps = image.config.get("history", [])
        filled = [step for step in steps if not step.get("empty_layer")]
        firsts = [number for number, step in enumerate(steps) if FIRST in step.get("created_by", "")]
        if not firsts or len(filled) != len(image.layers):
            return [OURS] * len(image.layers)
        base = sum(not step.get("empty_layer") for step in steps[: firsts[0]])
    return [*[BASE] * base, PACKAGES, *[OURS] * len(image.layers)][: len(image.layers)]


def paths_by_owner(files: Iterable[File]) -> Iterator[tuple[str, list[str]]]:
    """Whose layers bring these files, and their paths, both in order."""
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(file.owner, []).append(file.path)
    for owner in sorted(found):
        yield owner, sorted(found[owner])
