"""The check `image sources`: whether the image has all of the service, and no tests, history or anything of the tool."""

import re
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.images.built_image import BuiltImage

__all__ = ["CHECK"]

TESTS = re.compile(r"(^|/)tests?/(.*/)?(test_[^/]*|conftest)\.py$")
TOOL = re.compile(r"(^|/)(lockstep_tool/|\.lockstep/|lockstep_tool-[^/]*\.whl$)")


def find(image: BuiltImage) -> Iterator[Finding]:
    """Tests of the service, its history, and the tool, which looks at images from outside."""
    public = set(image.contents.owned())
    added = sorted(file.path for file in image.contents.added())
    ours = [path for path in added if path not in public]
    if tests := [path for path in ours if TESTS.search(path)]:
        yield CHECK.finding(f"tests are in it: {name_few([f'/{path}' for path in tests])}")
    if history := [path for path in ours if ".git" in path.split("/")]:
        yield CHECK.finding(f"/{history[0]} is in it")
    if image.left_out:
        yield CHECK.finding(f"the commit has {name_few(image.left_out)}, and no wheel has a name that begins with a dot")
    if tool := [path for path in added if TOOL.search(path)]:
        yield CHECK.finding(f"the tool is in it: {name_few([f'/{path}' for path in tool])}")


CHECK = Check(
    name="image sources",
    session="image",
    asks="All of the service's package, and neither its tests, its history nor the tool of laptops and CI.",
    why="What works on a laptop must be there; tests tell how it works, a history has what was removed, the tool serves nothing.",
    allowed="Never.",
    fix="let .dockerignore shut out all but what the wheel is made of; call files of the package by names without a dot in front",
    find=find,
)
