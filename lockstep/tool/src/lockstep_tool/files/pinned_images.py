"""Find the images that the Dockerfile, CI and deploy files take from elsewhere."""

import re
from collections.abc import Iterable, Iterator

from lockstep_tool.files.tree import BUILD, CI, Statement, Tree

__all__ = ["images", "moves"]

YAML = (*CI, "deploy/**/*.y*ml", "compose*.y*ml", "docker-compose*.y*ml")
DEFAULT = r"(?:\$\{\w+:?-)?"  # compose: ${VARIABLE:-image}
IMAGE = r"(?P<image>[^\s\"'{}$#]+)"
# Words that are put on another image each time there is a newer one.
MOVING = re.compile(r"latest|stable|edge|main|master|nightly|rolling|lts|current|\d+")


def images(tree: Tree) -> Iterator[Statement]:
    """The group `image` of each is one such as `docker.io/library/debian:trixie-slim`; own ones are left out."""
    for file in tree.named(*BUILD):
        yield from in_dockerfile(tree, file)
    yield from from_elsewhere(tree.statements(rf"^\s*-?\s*(?:image|container):\s*[\"']?{DEFAULT}{IMAGE}", *YAML))
    yield from from_elsewhere(tree.statements(rf"uses:\s*[\"']?docker://{IMAGE}", *CI))
    yield from from_elsewhere(in_services(tree))


def in_dockerfile(tree: Tree, file: str) -> Iterator[Statement]:
    """Of FROM and --from, and of the arguments that they take; names of stages are no images."""
    text = tree.text(file)
    stages = set(re.findall(r"(?im)^FROM\s.*\sAS\s+(\S+)", text))
    for found in from_elsewhere(tree.statements(rf"^(?:FROM\s+(?:--platform=\S+\s+)?|.*\s--from=){IMAGE}", file)):
        if found.match["image"] not in {*stages, "scratch"} and not found.match["image"].isdigit():
            yield found
    for found in from_elsewhere(tree.statements(rf"^ARG (?P<name>\w+)=[\"']?{IMAGE}", file)):
        if re.search(rf"(?m)(?:^FROM\s.*|--from=)\$\{{?{found.match['name']}\b", text):
            yield found


def in_services(tree: Tree) -> Iterator[Statement]:
    """GitLab's `services:` is a list of images."""
    for file in tree.named(".gitlab-ci.yml"):
        within = False
        for number, line in enumerate(tree.lines(file), 1):
            item = re.match(rf"\s+-\s+(?:name:\s*)?[\"']?{IMAGE}[\"']?\s*$", line)
            within = bool(re.match(r"\s*services:\s*$", line)) or (within and item is not None)
            if within and item:
                yield Statement(file, number, line, item)


def from_elsewhere(found: Iterable[Statement]) -> Iterator[Statement]:
    """Without comments, and without images that are built here."""
    return (one for one in found if not one.comment and not one.match["image"].startswith(("localhost/", ".", "/")))


def moves(image: str) -> bool:
    """Whether the tag is one that moves; without a tag it is `latest`, unless the name itself ends in a version."""
    name = image.rpartition("/")[2]
    base, colon, tag = name.partition(":")
    return bool(MOVING.fullmatch(tag)) if colon else not re.search(r"\d$", base)
