"""The check `image files`: whether the image has any file above its base that nothing explains."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.images.built_image import BuiltImage
from lockstep_tool.images.explained import unexplained_files

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """One finding for each layer that brings such files, with the step that made it, and one for what is taken away."""
    found: dict[int, list[str]] = {}
    for file in unexplained_files(image.contents):
        found.setdefault(file.layer, []).append(f"/{file.path}")
    for layer, paths in sorted(found.items()):
        yield CHECK.finding(f"nothing explains {name_few(sorted(paths))}{image.saved.step_of(layer)}")
    if taken := sorted(f"/{path}" for path in image.contents.taken):
        yield CHECK.finding(f"a layer takes away from the base {name_few(taken)}")


CHECK = Check(
    name="image files",
    session="image",
    asks="Every file, link and directory above the base, outside the interpreter's directory and the environment's.",
    why="A file such as /etc/ld.so.preload changes what every program does, and no package accounts for it.",
    allowed="What the Debian packages of packages/runtime.txt bring.",
    fix="take it out of the Dockerfile; a Debian package goes to packages/runtime.txt, a file of the service into its package",
    find=find,
)
