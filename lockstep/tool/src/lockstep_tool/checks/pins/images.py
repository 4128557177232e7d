"""The check `images`: whether every image that is taken from elsewhere is named by its digest."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.files.pinned_images import images, moves
from lockstep_tool.service import Service

__all__ = ["CHECK"]


def find(service: Service) -> Iterator[Finding]:
    """An error for tags that move by design, a warning for every other image without a digest."""
    without = [found for found in images(service.files) if "@sha256:" not in found.match["image"]]
    moving = [found for found in without if moves(found.match["image"])]
    if moving:
        yield CHECK.finding(
            "An image is named by a tag that moves.",
            where=tuple((found.spot, f"{found.match['image']}   <- moves") for found in moving),
            fix="Name a version, better with its digest: NAME:TAG@sha256:…; "
            "`uv run noxfile.py -s pins -- --refresh` writes the digests.",
        )
    if tagged := [found for found in without if found not in moving]:
        several = f"{len(tagged)} images are" if len(tagged) > 1 else "1 image is"
        yield CHECK.finding(
            f"{several} pinned by tag, not by digest, and a tag can be moved.",
            where=tuple((found.spot, found.match["image"]) for found in tagged),
            fix="`uv run noxfile.py -s pins -- --refresh` writes the digests, where the registries are in reach.",
            severity=Severity.WARNING,
        )


CHECK = Check(
    name="images",
    session="pins",
    asks="Every image that the Dockerfile, CI and deploy files take from elsewhere, each by its digest.",
    why="A tag can be moved, and the same commit is then another image.",
    allowed="A tag that names a version, named in each run; one such as latest or 3 is an error.",
    fix="uv run noxfile.py -s pins -- --refresh",
    find=find,
)
