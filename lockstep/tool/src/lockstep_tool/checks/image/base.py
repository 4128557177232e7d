"""The check `image base`: whether the image stands on the base that the build names."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.images.built_image import BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """Other layers, a name that the base has and a layer takes away, and a base that the engine does not have."""
    name = image.base.name
    if image.base.reason:
        yield CHECK.finding(f"{name} cannot be looked at: {image.base.reason}", severity=Severity.UNKNOWN)
        return
    for number, (layer, digest) in enumerate(zip(image.saved.layers, image.base.layers, strict=False), 1):
        if layer.digest != digest:
            yield CHECK.finding(f"layer {number} is {layer.digest[:19]}, and that of {name} is {digest[:19]}")
            return
    if len(image.saved.layers) < len(image.base.layers):
        yield CHECK.finding(f"it has {len(image.saved.layers)} layers, and {name} has {len(image.base.layers)}")


CHECK = Check(
    name="image base",
    session="image",
    asks="The lowest layers, against those of the image that RUNTIME_IMAGE names.",
    why="What the base brings is the team's choice, so it has to be the base that the team chose.",
    allowed="Never.",
    fix="build it again from this commit, with the same LOCKSTEP_BUILD_ARGS; pin RUNTIME_IMAGE by its digest, for a tag can move",
    find=find,
)
