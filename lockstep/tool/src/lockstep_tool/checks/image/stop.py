"""The check `image stop`: whether a request in flight is answered when the container is told to stop."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """What came instead of its answer."""
    status, body = image.run.answer
    if image.run.ready and (status, body) != (200, "waited"):
        yield CHECK.finding(f"the request in flight was lost: {status} {body[:120]}")


CHECK = Check(
    name="image stop",
    session="image",
    asks="A request in flight when the container is told to stop.",
    why="Each deploy stops containers; whoever was waiting then must not notice.",
    allowed="Never.",
    fix="run `uv run noxfile.py -s prove`: it shows where the drain breaks",
    find=find,
)
