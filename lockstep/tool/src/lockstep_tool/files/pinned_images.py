"""Find the images that the Dockerfile, CI and deploy files take from elsewhere; only a digest cannot be moved."""

import re
from collections.abc import Iterator
from pathlib import Path

from lockstep_tool.files.faults import Fault
from lockstep_tool.files.statements import BUILD, CI, Statement, lines_of, statements

__all__ = ["images", "loose"]

YAML = (*CI, "deploy/**/*.y*ml", "compose*.y*ml", "docker-compose*.y*ml")
DEFAULT = r"(?:\$\{\w+:?-)?"  # compose: ${VARIABLE:-image}
IMAGE = r"(?P<image>[^\s\"'{}$#]+)"
# Words that are put on another image each time there is a newer one.
MOVING = re.compile(r"latest|stable|edge|main|master|nightly|rolling|lts|current|\d+")


def images(root: Path) -> Iterator[Statement]:
    """The group `image` of each is one such as `docker.io/library/debian:trixie-slim`; own ones are left out."""
    for file, _ in lines_of(root, BUILD):
        yield from in_dockerfile(root, file)
    yield from named(statements(root, YAML, rf"^\s*-?\s*(?:image|container):\s*[\"']?{DEFAULT}{IMAGE}"))
    yield from named(statements(root, CI, rf"uses:\s*[\"']?docker://{IMAGE}"))
    yield from named(in_services(root))


def in_dockerfile(root: Path, file: str) -> Iterator[Statement]:
    """Of FROM and --from, and of the arguments that they take; names of stages are no images."""
    text = (root / file).read_text(encoding="utf-8", errors="replace")
    stages = set(re.findall(r"(?im)^FROM\s.*\sAS\s+(\S+)", text))
    for found in named(statements(root, file, rf"^(?:FROM\s+(?:--platform=\S+\s+)?|.*\s--from=){IMAGE}")):
        if found.match["image"] not in {*stages, "scratch"} and not found.match["image"].isdigit():
            yield found
    for found in named(statements(root, file, rf"^ARG (?P<name>\w+)=[\"']?{IMAGE}")):
        if re.search(rf"(?m)(?:^FROM\s.*|--from=)\$\{{?{found.match['name']}\b", text):
            yield found


def in_services(root: Path) -> Iterator[Statement]:
    """GitLab's `services:` is a list of images."""
    for file, lines in lines_of(root, ".gitlab-ci.yml"):
        within = False
        for number, line in enumerate(lines, 1):
            item = re.match(rf"\s+-\s+(?:name:\s*)?[\"']?{IMAGE}[\"']?\s*$", line)
            within = bool(re.match(r"\s*services:\s*$", line)) or (within and item is not None)
            if within and item:
                yield Statement(file, number, line, item)


def named(found: Iterator[Statement]) -> Iterator[Statement]:
    """Without comments, and without images that are built here."""
    return (one for one in found if not one.comment and not one.match["image"].startswith(("localhost/", ".", "/")))


def loose(root: Path) -> Iterator[Fault]:
    """An error for tags that move by design, a warning for every other image without a digest."""
    without = [found for found in images(root) if "@sha256:" not in found.match["image"]]
    moving = [found for found in without if moves(found.match["image"])]
    if moving:
        yield Fault(
            "images",
            "An image is named by a tag that moves.",
            tuple((found.place, f"{found.match['image']}   <- moves") for found in moving),
            "Name a version, better with its digest: NAME:TAG@sha256:…; "
            "`uv run noxfile.py -s pins -- --refresh` writes the digests.",
        )
    if tagged := [found for found in without if found not in moving]:
        yield Fault(
            "images",
            f"{len(tagged)} images are pinned by tag, not by digest, and a tag can be moved."
            if len(tagged) > 1
            else "1 image is pinned by tag, not by digest, and a tag can be moved.",
            tuple((found.place, found.match["image"]) for found in tagged),
            "`uv run noxfile.py -s pins -- --refresh` writes the digests, where the registries are in reach.",
            warning=True,
        )


def moves(image: str) -> bool:
    """Whether the tag is one that moves; without a tag it is `latest`, unless the name itself ends in a version."""
    name = image.rpartition("/")[2]
    base, colon, tag = name.partition(":")
    return bool(MOVING.fullmatch(tag)) if colon else not re.search(r"\d$", base)
