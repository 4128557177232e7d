"""The labels that a checkout gives its image: where it comes from, which commit and version, which environment."""

import os
import re
import subprocess
from pathlib import Path

from lockstep_tool.images.uncommitted import name_uncommitted
from lockstep_tool.service import Service

__all__ = ["ARGUMENTS", "UNKNOWN", "labels_of", "revision"]

OPEN_CONTAINERS = "org.opencontainers.image"
UNKNOWN = "unknown"  # where nobody says
CHANGED = "-changed"  # behind the commit, where files that the image is built of are not the commit's
# Label → build argument.
ARGUMENTS = {
    f"{OPEN_CONTAINERS}.source": "SOURCE",
    f"{OPEN_CONTAINERS}.revision": "REVISION",
    f"{OPEN_CONTAINERS}.version": "VERSION",
    "lockstep.environment": "ENVIRONMENT",
}


def labels_of(service: Service, environment: str) -> dict[str, str]:
    """Label → value, or UNKNOWN. What no commit has is not called by a commit's name."""
    version = str(service.project["project"]["version"])
    commit = revision(service.root) + (CHANGED if name_uncommitted(service) else "")
    values = (source(service.root), commit, version, environment)
    return dict(zip(ARGUMENTS, values, strict=True))


def revision(root: Path) -> str:
    """The commit that is checked out, or what CI says it is, or UNKNOWN."""
    return ask_git(root, "rev-parse", "HEAD") or os.environ.get("CI_COMMIT_SHA") or UNKNOWN


def source(root: Path) -> str:
    """The address of the repository as a browser has it, without anybody's credentials."""
    server, repository = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    if server and repository:
        return f"{server}/{repository}"
    if address := os.environ.get("CI_PROJECT_URL"):
        return address
    return browser_address(ask_git(root, "remote", "get-url", "origin")) or UNKNOWN


def browser_address(remote: str) -> str:
    """`git@host:team/service.git` and `https://user:token@host/team/service.git` both as `https://host/team/service`."""
    found = re.fullmatch(r"(?:[a-z+]+://)?(?:[^@/]*@)?([\w.-]+\.[\w-]+)(?::\d+)?[:/](.+?)(?:\.git)?/?", remote)
    return f"https://{found[1]}/{found[2]}" if found else ""


def ask_git(root: Path, *words: str) -> str:
    """What git says, or nothing where it has nothing to say or is not there."""
    try:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""
