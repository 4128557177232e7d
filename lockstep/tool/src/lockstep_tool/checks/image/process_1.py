"""The check `image process 1`: whether process 1 of a running container is the server."""

import json
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import BuiltImage
from lockstep_tool.images.run_image import SERVER

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """A shell or an init in front of the server, which would get the signals."""
    if not image.run.ready:
        return
    try:
        words, same = json.loads(image.run.process_1)
    except ValueError:
        yield CHECK.finding("it cannot be looked at from inside")
        return
    if not same or words[1:] != SERVER:
        yield CHECK.finding(f"it is `{' '.join(words)[:120]}`, not the server")


CHECK = Check(
    name="image process 1",
    session="image",
    asks="Process 1 of a running container, seen from inside.",
    why="Only process 1 is told to stop; a shell there does not pass it on.",
    allowed="Never.",
    fix="restore the Dockerfile from git; it is Lockstep's",
    find=find,
)
