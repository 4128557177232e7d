"""The check `image packages`: whether the image has only the distributions of the production set."""

import re
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.images.built_image import BuiltImage
from lockstep_tool.images.contents import OURS

__all__ = ["CHECK"]

METADATA = re.compile(r"/([^/]+)-[^-/]+\.dist-info/METADATA$")


def find(image: BuiltImage) -> Iterator[Finding]:
    """One finding that names those too many, by their metadata in the layers that the Dockerfile adds."""
    installed = {
        re.sub(r"[-_.]+", "-", match[1]).lower()
        for file in image.contents.files.values()
        if file.owner == OURS and (match := METADATA.search(f"/{file.path}"))
    }
    if extra := sorted(installed - set(image.production)):
        yield CHECK.finding(f"{name_few(extra)} {'is' if len(extra) == 1 else 'are'} not in the production set")


CHECK = Check(
    name="image packages",
    session="image",
    asks="Distributions in the image against the lock's production set.",
    why="Test tools and type checkers in production are attack surface, and weigh.",
    allowed="Never.",
    fix="install with `--locked --no-default-groups` only",
    find=find,
)
