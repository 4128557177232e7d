"""The check `image environment`: whether the running image prints the environment id that is declared."""

import json
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """Another id, or none."""
    if not image.run.ready:
        return
    declared = image.labels["lockstep.environment"]
    said = [json.loads(line) for line in image.run.lines if line.startswith("{") and '"starting"' in line]
    ids = {str(line.get("environment")) for line in said if isinstance(line, dict)}
    if ids != {declared}:
        yield CHECK.finding(f"it runs {', '.join(sorted(ids)) or 'none'}, and the lock declares {declared}")


CHECK = Check(
    name="image environment",
    session="image",
    asks="The environment id that the running image prints.",
    why="It is how people compare by eye what runs with what is declared.",
    allowed="Never.",
    fix="build it again from this commit: `uv run noxfile.py -s image`, then look at `parity`",
    find=find,
)
