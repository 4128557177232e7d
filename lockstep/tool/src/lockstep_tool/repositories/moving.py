"""The columns `bases` and `actions`: what comes from elsewhere, and can move."""

import re
from collections.abc import Iterator

from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.facts import CI, COMPOSE, IMAGES, WORKFLOWS, Facts
from lockstep_tool.repositories.stated import Image

__all__ = ["actions", "bases", "has_images", "has_steps"]

# Words of a tag that say which kind of image it is, and no version; `bookworm` and `jammy` are versions.
FLOATING = frozenset({"latest", "stable", "edge", "main", "master", "nightly", "slim", "alpine", "lts", "current", "mainline"})
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def has_images(facts: Facts) -> bool:
    return bool(facts.images) or facts.has_unread(*CI, *IMAGES, *COMPOSE)


def bases(facts: Facts) -> Iterator[Finding]:
    """Images that are built on, run in CI or run beside the service: by digest, by tag, or by nothing."""
    movable = [image for image in facts.images if "@sha256:" not in image.name]
    unknown = [image for image in movable if image.unknown]
    loose = [image for image in movable if image not in unknown and floats(image)]
    named = [image for image in movable if image not in unknown and image not in loose]
    fix = "Write NAME:TAG@sha256:…, which `docker buildx imagetools inspect NAME:TAG` shows."
    for images, what, severity in (
        (loose, f"{len(loose)} images are whatever is newest.", Severity.ERROR),
        (named, f"{len(named)} images are pinned by a tag, which can move.", Severity.WARNING),
        (unknown, f"{len(unknown)} images are named by a variable without a value.", Severity.UNKNOWN),
    ):
        if images:
            yield Finding("bases", what, tuple((one.spot, one.name) for one in images[:4]), fix, severity)
    yield from facts.describe_unread("bases", *CI, *IMAGES, *COMPOSE)


def floats(image: Image) -> bool:
    """Whether the name states no version at all: `cc-debian13` does, without a tag."""
    return FLOATING.issuperset(image.tag.split("-")) if image.tag else not re.search(r"\d", image.short)


def has_steps(facts: Facts) -> bool:
    """Whether CI uses a step that others own."""
    return bool(facts.steps) or facts.has_unread(*WORKFLOWS)


def actions(facts: Facts) -> Iterator[Finding]:
    """A tag of an action can be moved by whoever owns it; a commit cannot."""
    loose = [(one.spot, f"{one.action}@{one.reference}") for one in facts.steps if not COMMIT.fullmatch(one.reference)]
    if loose:
        fix = "Write the commit, and the tag as a comment: `@<40 characters> # v1.2.3`."
        yield Finding("actions", f"{len(loose)} actions are not pinned to a commit.", tuple(loose[:4]), fix)
    yield from facts.describe_unread("actions", *WORKFLOWS)
