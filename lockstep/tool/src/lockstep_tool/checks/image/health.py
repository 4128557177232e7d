"""The check `image health`: whether the image's own health check is a command without a shell, and passes."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """One of another form, and one that fails beside a server that is ready."""
    test = (image.config.get("Healthcheck") or {}).get("Test") or []
    if test[:1] != ["CMD"]:
        yield CHECK.finding(f"the health check is {' '.join(test) or 'missing'}, not a command without a shell")
    if image.run.ready and image.run.healthy != 0:
        yield CHECK.finding(f"its health check says {image.run.healthy} of a server that is ready")


CHECK = Check(
    name="image health",
    session="image",
    asks="The image's own health check, run beside a server that is ready.",
    why="There may be no shell and no curl, and a check that always fails takes the service down.",
    allowed="Never.",
    fix="restore the Dockerfile from git; it is Lockstep's",
    find=find,
)
