"""The check `image ports`: whether the image announces the one port."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import PORT, BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """Another port, one more, or none."""
    ports = sorted(image.config.get("ExposedPorts") or {})
    if ports != [f"{PORT}/tcp"]:
        yield CHECK.finding(f"it announces {', '.join(ports) or 'none'}, not {PORT}/tcp")


CHECK = Check(
    name="image ports",
    session="image",
    asks="The ports that the image announces.",
    why="Another one is a server that nobody defined, or a proxy that finds nothing.",
    allowed="Never.",
    fix="state `EXPOSE 8000` and no other; where it listens is PORT's to say",
    find=find,
)
