"""The check `image user`: whether the image states the Dockerfile's user, which is not root, by number."""

import re
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.images.built_image import USER, BuiltImage

__all__ = ["CHECK"]


def find(image: BuiltImage) -> Iterator[Finding]:
    """A number, so that Kubernetes can see that it is not root's."""
    user = str(image.config.get("User") or "")
    if not re.fullmatch(r"[0-9]+(:[0-9]+)?", user):
        yield CHECK.finding(f"{user or 'root, because none is stated'}, which is not a number")
    elif "0" in {str(int(part)) for part in user.split(":")}:
        yield CHECK.finding(f"{user} is root or in root's group")
    elif user != USER:
        yield CHECK.finding(f"{user}, not {USER}")


CHECK = Check(
    name="image user",
    session="image",
    asks="The user that the image states.",
    why="A number that is not 0 lets Kubernetes refuse root without starting anything.",
    allowed="Never.",
    fix="state `USER 10001:10001`, last in the Dockerfile",
    find=find,
)
