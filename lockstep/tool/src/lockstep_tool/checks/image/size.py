"""The check `image size`: whether the image weighs no more than the team allows."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import BuiltImage

__all__ = ["CHECK"]

MOST = 5  # files that are named


def find(image: BuiltImage) -> Iterator[Finding]:
    """One finding that names the biggest files."""
    whole = sum(image.sizes) / 1e6
    if whole > image.budget.max_megabytes:
        files = sorted(image.contents.files.values(), key=lambda file: -file.member.size)[:MOST]
        biggest = ", ".join(f"/{file.path} {file.member.size / 1e6:.1f} MB" for file in files)
        yield CHECK.finding(f"{whole:.1f} MB compressed, at most {image.budget.max_megabytes:g}; biggest: {biggest}")


CHECK = Check(
    name="image size",
    session="image",
    asks="All layers, compressed as a registry ships them, against the team's budget.",
    why="Size is seconds in each start on a new machine.",
    allowed="Up to max_megabytes of [tool.lockstep.image].",
    fix="leave out what is named, or raise `max_megabytes` in [tool.lockstep.image] in the same commit",
    find=find,
)
