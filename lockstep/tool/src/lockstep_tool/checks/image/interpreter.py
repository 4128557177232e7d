"""The check `image interpreter`: whether the interpreter is what was installed when the image was built."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.images.built_image import BuiltImage
from lockstep_tool.images.contents import LISTS
from lockstep_tool.images.explained import INTERPRETER

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """What is changed, what is there besides, and what is missing."""
    listed = image.contents.listed(INTERPRETER)
    if not listed:
        yield CHECK.finding(f"it has no /{INTERPRETER}: nobody listed what was installed")
        return
    there = {
        path: file.state
        for path, file in image.contents.files.items()
        if path.startswith(f"{LISTS[INTERPRETER]}/") and path != INTERPRETER
    }
    for what, paths in (
        ("is not what was installed", [path for path in listed if path in there and there[path] != listed[path]]),
        ("was not installed", [path for path in there if path not in listed]),
        ("was installed, and is not there", [path for path in listed if path not in there]),
    ):
        if paths:
            yield CHECK.finding(f"{name_few([f'/{path}' for path in sorted(paths)])} {what}")


CHECK = Check(
    name="image interpreter",
    session="image",
    asks="Every file, link and directory of the interpreter, against the list that the build makes when it has installed it.",
    why="A module beside the standard library is imported like one of it, and no lock has it.",
    allowed="Never.",
    fix="restore the Dockerfile from git, it is Lockstep's, and build again: `uv run noxfile.py -s image`",
    find=find,
)
