"""Compare two images layer by layer, and name the first file that differs and what of it."""

import datetime
import hashlib
import tarfile
from collections.abc import Callable, Iterator
from typing import IO

from lockstep_tool.images.saved import Layer, SavedImage

__all__ = ["differing_files", "differing_layers"]

KINDS = {tarfile.DIRTYPE: "a directory", tarfile.SYMTYPE: "a link", tarfile.LNKTYPE: "a hard link"}
Stated = dict[str, str]


def differing_layers(one: SavedImage, other: SavedImage) -> Iterator[str]:
    """A sentence for each layer that is not the same bits, with its first file; empty when all are."""
    if len(one.layers) != len(other.layers):
        yield f"{len(one.layers)} layers against {len(other.layers)}"
    for number, (left, right) in enumerate(zip(one.layers, other.layers, strict=False), 1):
        if left.digest == right.digest:
            continue
        first, more = first_and_count(describe_layer(left), describe_layer(right))
        yield f"layer {number}: {first or 'the same files, in another order or encoding'}{more}"


def differing_files(one: SavedImage, other: SavedImage) -> Iterator[str]:
    """As a container sees them; two engines may encode the same files in different layers."""
    first, more = first_and_count(merge_layers(one), merge_layers(other))
    if first:
        yield f"{first}{more}"


def first_and_count(left: dict[str, Stated], right: dict[str, Stated]) -> tuple[str, str]:
    """The first differing file in words, and how many there are besides; empty words when none differs."""
    names = [name for name in sorted({*left, *right}) if left.get(name) != right.get(name)]
    more = f"; and {len(names) - 1} more" if len(names) > 1 else ""
    return (describe_difference(names[0], left.get(names[0]), right.get(names[0])), more) if names else ("", "")


def describe_difference(name: str, left: Stated | None, right: Stated | None) -> str:
    """What of it differs: bytes, moment, mode, owner, kind, target."""
    if left is None or right is None:
        return f"/{name} is only in the {'second' if left is None else 'first'}"
    differing = [f"{what} {left[what]} against {right[what]}" for what in left if left[what] != right[what]]
    return f"/{name}: {', '.join(differing)}"


def merge_layers(image: SavedImage) -> dict[str, Stated]:
    """All layers, later ones over earlier ones; the image has no removals, which would be files of their own here."""
    files: dict[str, Stated] = {}
    for layer in image.layers:
        files |= describe_layer(layer)
    return files


def describe_layer(layer: Layer) -> dict[str, Stated]:
    """Everything about each file that a registry would ship."""
    return {name: {what: say(member, content) for what, say in SAID.items()} for name, member, content in layer.entries()}


def digest(_: tarfile.TarInfo, content: IO[bytes] | None) -> str:
    return hashlib.file_digest(content, "sha256").hexdigest()[:12] if content else "none"  # type: ignore[arg-type]


SAID: dict[str, Callable[[tarfile.TarInfo, IO[bytes] | None], str]] = {
    "bytes": digest,
    "moment": lambda member, _: datetime.datetime.fromtimestamp(member.mtime, datetime.UTC).isoformat(),
    "mode": lambda member, _: f"{member.mode & 0o7777:o}",
    "owner": lambda member, _: f"{member.uid}:{member.gid}",
    "kind": lambda member, _: KINDS.get(member.type, "a file" if member.isreg() else "special"),
    "target": lambda member, _: member.linkname,
}
