"""The check `image health`: whether the image's own health check is the service's, and passes."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import HEALTH, SECOND, BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """Another one than the Dockerfile's, and one that fails beside a server that is ready."""
    stated = image.config.get("Healthcheck") or {}
    test = stated.get("Test") or []
    if test != HEALTH["Test"]:
        yield CHECK.finding(f"the health check is {' '.join(test) or 'missing'}, not {' '.join(HEALTH['Test'])}")
    elif differing := [name for name in {**HEALTH, **stated} if stated.get(name) != HEALTH.get(name)]:
        said = (f"{name} is {in_seconds(stated.get(name))}, not {in_seconds(HEALTH.get(name))}" for name in differing)
        yield CHECK.finding(f"of the health check {'; '.join(said)}")
    if image.run.ready and image.run.healthy != 0:
        yield CHECK.finding(f"its health check says {image.run.healthy} of a server that is ready")


def in_seconds(value: int | None) -> str:
    """A number of the configuration: a time in nanoseconds, or a count."""
    return "missing" if value is None else f"{value / SECOND:g} s" if value >= SECOND else str(value)


CHECK = Check(
    name="image health",
    session="image",
    asks="The image's own health check, word for word, and run beside a server that is ready.",
    why="One that always passes says nothing, one that always fails takes the service down, and there may be no curl.",
    allowed="Never.",
    fix="restore the Dockerfile from git; it is Lockstep's",
    find=find,
)
