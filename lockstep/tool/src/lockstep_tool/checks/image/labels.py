"""The check `image labels`: whether the image says of which commit, version and environment it is."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.images.built_image import BuiltImage

__all__ = ["CHECK"]

ENGINE = "io.buildah."  # podman writes its version there


def find(image: BuiltImage) -> Iterator[Finding]:
    """Labels that are missing, or say something else than this checkout, and labels besides."""
    given = image.config.get("Labels") or {}
    for name, value in image.labels.items():
        if given.get(name) != value:
            yield CHECK.finding(f"{name} is {given.get(name) or 'missing'}, not {value}")
    for name in sorted({*given} - {*image.labels}):
        if name in image.budget.labels or name.startswith(ENGINE):
            yield CHECK.finding(f"{name} is set by the base or the engine", severity=Severity.ALLOWED)
        else:
            yield CHECK.finding(f"{name} is set")


CHECK = Check(
    name="image labels",
    session="image",
    asks="Source, revision, version and environment id on the image, and no label besides.",
    why="Who finds it in a registry a year later can go back to the commit.",
    allowed="Those that [tool.lockstep.image] labels names, because a base brings them.",
    fix="build it again: `uv run noxfile.py -s image`; where the base brings one, name it in `labels` of [tool.lockstep.image]",
    find=find,
)
