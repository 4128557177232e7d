"""The check `image secrets`: whether anything in the image looks like a secret, or is one."""

import json
import re
from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity, name_few
from lockstep_tool.images.built_image import BuiltImage
from lockstep_tool.images.contents import File
from lockstep_tool.images.explained import name_published
from lockstep_tool.images.forms_of_secrets import name_secrets

__all__ = ["CHECK"]

NAMES = re.compile(
    r"\.env|\.env\..*|\.git-credentials|\.netrc|_netrc|\.npmrc|\.pypirc|id_(rsa|dsa|ecdsa|ed25519)|"
    r"credentials(\.json)?|.*\.(p12|pfx)"
)
CONFIGURATION = "its configuration or history"
PASSWORD = re.compile(r"://[^\s/:@\"]+:[^\s/:@\"]+@")


def find(image: BuiltImage) -> Iterator[Finding]:
    """Files by their names and what they hold, the configuration, and the values that this machine has for service and build."""
    for file in files_of_nobody_else(image):
        called_public = f"/{file.path}".endswith(tuple(f"/{name}" for name in image.budget.public))
        severity = Severity.ALLOWED if called_public else Severity.ERROR
        if kinds := name_secrets(file.start.decode("latin-1")):
            yield CHECK.finding(f"/{file.path} holds {', '.join(kinds)}", severity=severity)
        elif NAMES.fullmatch(file.name):
            yield CHECK.finding(f"/{file.path} looks like a secret", severity=severity)
        if file.path.startswith(("run/secrets/", "etc/uv/")) and file.member.size:
            yield CHECK.finding(f"/{file.path} is a build's secret")
    config = json.dumps(image.saved.config)
    if kinds := [*name_secrets(config), *(["a password in an address"] if PASSWORD.search(config) else [])]:
        yield CHECK.finding(f"{CONFIGURATION} holds {', '.join(kinds)}")
    every = (*image.contents.added(), *image.contents.hidden)
    for value in image.secrets:
        found = [f"/{file.path}" for file in every if value.encode() in file.start]
        found += [CONFIGURATION] if value in config else []
        if found:
            yield CHECK.finding(f"the value of a secret is in {name_few(found)}")


def files_of_nobody_else(image: BuiltImage) -> Iterator[File]:
    """Files above the base that not anybody can have, also those that a later layer replaces or takes away."""
    published = name_published(image.contents, {*image.production} - {image.name})
    yield from (file for file in image.contents.added() if file.digest and file.path not in published)
    yield from image.contents.hidden


CHECK = Check(
    name="image secrets",
    session="image",
    asks="Secrets in files, labels, variables and history: by name, by form, and by the values that this machine has.",
    why="Whoever can pull the image has them, also when a later layer removes them.",
    allowed="What a locked wheel carries, for anybody can have it, and files that [tool.lockstep.image] public names.",
    fix="change the secret: it is known now. Give it to a build as a secret, and to the service as a variable",
    find=find,
)
