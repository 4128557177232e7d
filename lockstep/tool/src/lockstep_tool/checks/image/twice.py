"""The check `image twice`: whether two builds of the same commit are the same bits."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import BuiltImage
from lockstep_tool.images.rebuilding import differing_files, differing_layers

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """Where the other image differs, if there is one; of two engines only the files are compared, not their layers."""
    if image.other is None:
        return
    differing = differing_layers if image.saved.engine == image.other.engine else differing_files
    for what in differing(image.saved, image.other):
        yield CHECK.finding(what)


CHECK = Check(
    name="image twice",
    session="image",
    asks="Two builds of the same commit without a cache, layer by layer.",
    why="Only an image that can be built again can be checked by somebody else.",
    allowed="Never.",
    fix="take the moment out of the step that makes the file: `touch -hd @315532800`, no dates, no random names",
    find=find,
)
