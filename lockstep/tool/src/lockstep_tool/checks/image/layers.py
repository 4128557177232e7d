"""The check `image layers`: whether the image has no more layers above its base than the team allows."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """One finding with the size of each."""
    own = image.sizes[image.contents.below :]
    if len(own) > image.budget.max_layers:
        numbers = ", ".join(f"{size / 1e6:.1f}" for size in own)
        yield CHECK.finding(f"{len(own)} above the base, at most {image.budget.max_layers}; in MB: {numbers}")


CHECK = Check(
    name="image layers",
    session="image",
    asks="Layers above the base, against the team's budget.",
    why="A layer more is a step more that a release can void.",
    allowed="Up to max_layers of [tool.lockstep.image].",
    fix="join steps, or raise `max_layers` in [tool.lockstep.image] in the same commit",
    find=find,
)
