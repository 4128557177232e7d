"""The check `image start`: whether the image becomes ready where it has nothing."""

from collections.abc import Iterator, Sequence

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """Why it did not."""
    if image.run.refused:
        yield CHECK.finding(f"it does not start: {image.run.refused.splitlines()[-1]}")
    elif not image.run.ready:
        yield CHECK.finding(f"not ready without network, home and privileges: {last_words(image.run.lines)}")


def last_words(lines: Sequence[str]) -> str:
    """What it says before it ends, without what the managers say in JSON."""
    plain = [line.strip() for line in lines if line.strip() and not line.startswith("{")] or lines
    return " ".join(plain)[-400:] or "it printed nothing"


CHECK = Check(
    name="image start",
    session="image",
    asks="Ready without network, DNS, home and privileges, as any user, with a read-only root and limits.",
    why="Orchestrators take all of these away, one cluster after the other.",
    allowed="Never; the memory that it is started with is `memory` of [tool.lockstep.image].",
    fix="read its last line above; `uv run noxfile.py -s prove` shows the same start on this machine",
    find=find,
)
