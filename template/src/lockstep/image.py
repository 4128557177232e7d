# Lockstep's: the image of this commit. Change it by `copier update`, not by hand.
"""Build the production image and label it with its commit and its environment id."""

import os
import subprocess
from pathlib import Path

from lockstep import engine
from lockstep.promise import Promise, read_promise
from lockstep.toml_file import read_toml

__all__ = ["build", "name"]


def name(promise: Promise) -> str:
    """The tag of the image that a checkout with this promise builds."""
    return f"localhost/{promise.lock.root['name']}:lockstep"


def build(root: Path) -> str:
    """Build it with the engine that answers, and say so in one line; raises Refusal."""
    chosen, promise = engine.find(), read_promise(root)
    tag = name(promise)
    project = read_toml(root / "pyproject.toml")["project"]
    environment = promise.environment(engine.markers_of_image(promise.python))
    labels = {"VERSION": str(project["version"]), "REVISION": revision(root), "ENVIRONMENT": environment}
    engine.build(chosen, root, tag, labels)
    return f"{chosen} built {tag}"


def revision(root: Path) -> str:
    """The commit that is checked out, or what CI says it is."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=False)
    return head.stdout.strip() or os.environ.get("CI_COMMIT_SHA", "unknown")
