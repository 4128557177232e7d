"""Push the image of this commit under the service's version, and say by which digest it is known from then on."""

import json
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal
from lockstep_tool import engine
from lockstep_tool.images.labels import UNKNOWN, revision
from lockstep_tool.images.tag import image_tag
from lockstep_tool.service import Service

__all__ = ["publish"]

REVISION = '{{index .Config.Labels "org.opencontainers.image.revision"}}'
SAVED = Path(".nox", "report", "published.json")


def publish(service: Service, repository: str) -> str:
    """Push the service's image to `repository`, such as registry.example.org/team/orders-api; returns NAME@DIGEST.

    Raises Refusal where the image, the commit, the tag in git and the version are not of one release.
    """
    chosen, version = engine.find(), str(service.project["project"]["version"])
    refuse_other_version(version)
    tag = image_tag(service)
    refuse_other_commit(service.root, chosen, tag)
    name = repository.lower()  # GitHub writes owners as they like to be written, registries take small letters only
    target = f"{name}:{version.replace('+', '-')}"
    done = engine.run([chosen, "tag", tag, target])
    if done.returncode:
        raise unsent(f"{chosen} tag", done.stderr, "Name a repository such as registry.example.org/team/orders-api.")
    digest = push(chosen, name, target)
    saved = service.root / SAVED
    saved.parent.mkdir(parents=True, exist_ok=True)
    document = {"name": name, "tag": target, "digest": digest}
    saved.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if outputs := os.environ.get("GITHUB_OUTPUT"):
        with Path(outputs).open("a", encoding="utf-8") as file:
            file.write(f"name={name}\ndigest={digest}\n")
    return f"{target} is {name}@{digest}"


def refuse_other_version(version: str) -> None:
    """Where CI builds a tag of git, it must be the version's."""
    on_github = os.environ.get("GITHUB_REF_NAME", "") if os.environ.get("GITHUB_REF_TYPE") == "tag" else ""
    tag = on_github or os.environ.get("CI_COMMIT_TAG", "")
    if tag and tag.removeprefix("v") != version:
        raise Refusal(
            "The tag is not of this version.",
            [("git", tag), ("pyproject.toml [project] version", f"{version}   <- differs")],
            f"If the version is right, take the tag back: `git push --delete origin {tag} && git tag -d {tag}`; tag v{version}.\n"
            f"If the tag is right, write {tag.removeprefix('v')} into pyproject.toml, run `uv lock`, commit, tag that commit.",
        )


def refuse_other_commit(root: Path, chosen: str, tag: str) -> None:
    """The image says of which commit it is."""
    said = engine.run([chosen, "image", "inspect", "--format", REVISION, tag])
    if said.returncode:
        raise Refusal(
            f"not looked at: there is no {tag} to push",
            [(chosen, (said.stderr.strip().splitlines() or ["no such image"])[-1])],
            "Build it: `uv run noxfile.py -s image`.",
            code=COULD_NOT_LOOK,
        )
    commit = revision(root)
    if commit == UNKNOWN:  # the image may say so, too
        raise Refusal(
            "not looked at: nobody says which commit this is",
            [("git", "names no commit here"), ("CI_COMMIT_SHA", "not set")],
            "Run it where git names the commit, or set CI_COMMIT_SHA to it.",
            code=COULD_NOT_LOOK,
        )
    if said.stdout.strip() != commit:
        raise Refusal(
            "The image is not of this commit.",
            [("git", commit), (tag, f"{said.stdout.strip() or 'no label'}   <- differs")],
            "Commit what is changed, then build it: `uv run noxfile.py -s image`.",
        )


def push(chosen: str, name: str, target: str) -> str:
    """Push, and return the digest that the registry has it by."""
    with TemporaryDirectory(prefix="lockstep-") as directory:
        file = Path(directory, "digest")
        option = ["--digestfile", str(file)] if chosen == "podman" else []
        done = engine.run([chosen, "push", *option, target])
        if done.returncode:
            raise unsent(f"{chosen} push", done.stderr, f"Log in: `{chosen} login {name.partition('/')[0]}`.")
        said = file.read_text(encoding="utf-8") if option else done.stdout
    found = re.search(r"sha256:[0-9a-f]{64}", said)
    if found is None:
        raise unsent(f"{chosen} push", said, "Nothing is known by a digest yet: push it again.")
    return found[0]


def unsent(command: str, said: str, remedy: str) -> Refusal:
    last = (said.strip().splitlines() or ["said nothing"])[-1]
    return Refusal("The image cannot be pushed.", [(command, last)], remedy)
