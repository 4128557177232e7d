"""The check `image secrets`: whether anything in the image looks like a secret, or is one."""

import json
import re
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.images.built_image import BuiltImage
from lockstep_tool.images.contents import BASE

__all__ = ["CHECK"]

NAMES = re.compile(
    r"\.env|\.env\..*|\.git-credentials|\.netrc|_netrc|\.npmrc|\.pypirc|id_(rsa|dsa|ecdsa|ed25519)|"
    r"credentials(\.json)?|.*\.(p12|pfx)"
)
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]")


def find(image: BuiltImage) -> Iterator[Finding]:
    """Files by their names, private keys by their text, and the values that this machine has for service and build."""
    public = set(image.contents.owned())
    for file in image.contents.files.values():
        if file.owner == BASE or file.path in public or not file.member.isreg():
            continue
        if NAMES.fullmatch(file.name) or PRIVATE_KEY.search(file.start):
            yield CHECK.finding(f"/{file.path} looks like a secret")
        if file.path.startswith(("run/secrets/", "etc/uv/")) and file.member.size:
            yield CHECK.finding(f"/{file.path} is a build's secret")
    config = json.dumps(image.saved.config)
    for value in image.secrets:
        found = [f"/{file.path}" for file in image.contents.files.values() if value.encode() in file.start]
        found += ["its configuration or history"] if value in config else []
        if found:
            yield CHECK.finding(f"the value of a secret is in {name_few(found)}")


CHECK = Check(
    name="image secrets",
    session="image",
    asks="Files that look like secrets, private keys, and the values of this service's and its build's secrets.",
    why="Whoever can pull the image has them, also when a later layer removes them.",
    allowed="What a locked wheel carries: the index has shown it to everybody.",
    fix="change the secret: it is known now. Give it to a build as a secret, and to the service as a variable",
    find=find,
)
