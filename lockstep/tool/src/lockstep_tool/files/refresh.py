"""Write the digest that each image's tag has now, and the commit of each action's newest release; all, or nothing."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_tool.files import action_tags, image_registry
from lockstep_tool.files.action_tags import Release
from lockstep_tool.files.faults import Fault, Repair, mend
from lockstep_tool.files.pinned_actions import actions
from lockstep_tool.files.pinned_images import images
from lockstep_tool.files.statements import Statement
from lockstep_tool.files.unanswered import Unknown

__all__ = ["refresh"]

Answer = TypeVar("Answer")


def refresh(root: Path) -> list[str]:
    """Return what moved, one line each. Raises Refusal, with every file as it was, when one of them cannot be told;
    its code is 2 when that is for want of a network.
    """
    pictures = [one for one in images(root) if follows(one.match["image"])]
    uses = actions(root)
    digests = asked({one.match["image"] for one in pictures}, digest_of)
    tags = asked({one.match["repository"] for one in uses}, action_tags.tags_of)
    unknown: list[tuple[str, Unknown]] = []
    moves: list[tuple[str, Repair]] = []
    for found in pictures:
        digest = digests[found.match["image"]]
        if isinstance(digest, Unknown):
            unknown.append((found.place, digest))
        else:
            moves += of_image(found, digest)
    for found in uses:
        releases = tags[found.match["repository"]]
        try:
            if isinstance(releases, Unknown):
                raise releases
            release = action_tags.newest(releases, found.match["reference"], found.match["tag"] or "")
            moves += of_action(found, release)
        except Unknown as reason:
            unknown.append((found.place, reason))
    if unknown:
        raise refusal(unknown)
    mend(root, [Fault("images", "", (), "", repairs=tuple(repair for _, repair in moves))])
    count = len(pictures) + len(uses)
    return [line for line, _ in moves] or [f"all {count} images and actions are as their registries have them"]


def asked(names: set[str], ask: Callable[[str], Answer]) -> Mapping[str, Answer | Unknown]:
    """Each name once, side by side; what cannot be told is the reason why."""

    def one(name: str) -> Answer | Unknown:
        try:
            return ask(name)
        except Unknown as reason:
            return reason

    with ThreadPoolExecutor(max_workers=8) as pool:
        ordered = sorted(names)
        return dict(zip(ordered, pool.map(one, ordered), strict=True))


def follows(image: str) -> bool:
    """A digest without a tag has nothing to follow, unless the name itself ends in a version: then it is the newest."""
    name, pinned, _ = image.rpartition("/")[2].partition("@")
    return not pinned or ":" in name or name[-1:].isdigit()


def digest_of(reference: str) -> str:
    return image_registry.digest_of(image_registry.parse(reference))


def of_image(found: Statement, digest: str) -> Iterator[tuple[str, Repair]]:
    """The reference with its digest, unless it has that one."""
    name, _, before = found.match["image"].partition("@")
    if before != digest:
        span = found.match.span("image")
        text = f"{name}@{digest}"
        yield (
            f"{found.place}  {name}  {short(before)} -> {short(digest)}",
            Repair(found.file, found.number, span, text),
        )


def of_action(found: Statement, release: Release) -> Iterator[tuple[str, Repair]]:
    """The commit, with its tag as a comment, unless it is that one."""
    match = found.match
    if match["reference"] != release.commit or match["tag"] != release.tag:
        quote = "" if match["comment"] else match.string[match.end("reference") : match.end()]
        end = match.end("comment") if match["comment"] else match.end()
        text = f"{release.commit}{quote} # {release.tag}"
        before = match["tag"] or match["reference"]
        yield (
            f"{found.place}  {match['repository']}  {before} -> {release.tag}",
            Repair(found.file, found.number, (match.start("reference"), end), text),
        )


def short(digest: str) -> str:
    return digest[:19] or "no digest"


def refusal(unknown: list[tuple[str, Unknown]]) -> Refusal:
    away = any(reason.away for _, reason in unknown)
    return Refusal(
        "Not every image and action could be asked for, so nothing was changed.",
        [(place, f"{reason}   <- not looked at" if reason.away else f"{reason}") for place, reason in unknown],
        "Connect and run this again; a company's mirror is named in the Dockerfile or in git's `insteadOf`."
        if away
        else "Write a tag that is there, then run this again.",
        code=COULD_NOT_LOOK if away else DIFFERENT,
    )
