"""The check `image labels`: whether the image says of which commit, version and environment it is."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """Labels that are missing, or say something else than this checkout."""
    given = image.config.get("Labels") or {}
    for name, value in image.labels.items():
        if given.get(name) != value:
            yield CHECK.finding(f"{name} is {given.get(name) or 'missing'}, not {value}")


CHECK = Check(
    name="image labels",
    session="image",
    asks="Source, revision, version and environment id on the image.",
    why="Who finds it in a registry a year later can go back to the commit.",
    allowed="Never.",
    fix="build it again from this commit: `uv run noxfile.py -s image`",
    find=find,
)
