"""Write the digest that each image's tag has now, and the commit of each action's newest release; all, or nothing."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lockstep_serve.errors import COULD_NOT_LOOK, DIFFERENT, Refusal
from lockstep_tool.checks.finding import Finding, Repair
from lockstep_tool.checks.mending import mend
from lockstep_tool.files.action_tags import Release, is_other_major, newest_release, tags_of, where_changes_are
from lockstep_tool.files.image_registry import digest_of, parse_reference
from lockstep_tool.files.pinned_actions import actions
from lockstep_tool.files.pinned_images import images
from lockstep_tool.files.tree import Statement
from lockstep_tool.files.unanswered import Unanswered
from lockstep_tool.service import Service

__all__ = ["refresh"]

Answer = TypeVar("Answer")
Move = tuple[str, Repair]  # what moves, in words and as what is written


def refresh(service: Service) -> list[str]:
    """Return what moved, one line each. Raises Refusal, with every file as it was, when one of them has no answer;
    its code is 2 when that is for want of a network.
    """
    pictures = [one for one in images(service.files) if follows(one.match["image"])]
    uses = actions(service.files)
    digests = ask_each({one.match["image"] for one in pictures}, lambda name: digest_of(parse_reference(name)))
    tags = ask_each({one.match["repository"] for one in uses}, tags_of)
    unanswered: list[tuple[str, Unanswered]] = []
    moves: list[Move] = []
    for found in (*pictures, *uses):
        try:
            if "image" in found.match.re.groupindex:
                moves += move_image(found, answer(digests[found.match["image"]]))
            else:
                releases = answer(tags[found.match["repository"]])
                moves += move_action(found, newest_release(releases, found.match["reference"], found.match["tag"] or ""))
        except Unanswered as reason:
            unanswered.append((found.spot, reason))
    if unanswered:
        raise refusal(unanswered)
    mend(service.root, [Finding("images", "", repairs=tuple(repair for _, repair in moves))])
    count = len(pictures) + len(uses)
    return [line for line, _ in moves] or [f"all {count} images and actions are as their registries have them"]


def ask_each(names: set[str], ask: Callable[[str], Answer]) -> Mapping[str, Answer | Unanswered]:
    """Each name once, side by side; where there is no answer it is the reason why."""

    def one(name: str) -> Answer | Unanswered:
        try:
            return ask(name)
        except Unanswered as reason:
            return reason

    with ThreadPoolExecutor(max_workers=8) as pool:
        ordered = sorted(names)
        return dict(zip(ordered, pool.map(one, ordered), strict=True))


def answer(given: Answer | Unanswered) -> Answer:
    """The answer; raises Unanswered where there is none."""
    if isinstance(given, Unanswered):
        raise given
    return given


def follows(image: str) -> bool:
    """A digest without a tag has nothing to follow, unless the name itself ends in a version: then it is the newest."""
    name, pinned, _ = image.rpartition("/")[2].partition("@")
    return not pinned or ":" in name or name[-1:].isdigit()


def move_image(found: Statement, digest: str) -> Iterator[Move]:
    """The reference with its digest, unless it has that one."""
    name, _, before = found.match["image"].partition("@")
    if before != digest:
        span = found.match.span("image")
        text = f"{name}@{digest}"
        yield (
            f"{found.spot}  {name}  {short(before)} -> {short(digest)}",
            Repair(found.file, found.number, span, text),
        )


def move_action(found: Statement, release: Release) -> Iterator[Move]:
    """The commit, with its tag as a comment, unless it is that one."""
    match = found.match
    if match["reference"] != release.commit or match["tag"] != release.tag:
        quote = "" if match["comment"] else match.string[match.end("reference") : match.end()]
        end = match.end("comment") if match["comment"] else match.end()
        text = f"{release.commit}{quote} # {release.tag}"
        before = match["tag"] or match["reference"]
        read = f": another major version, {where_changes_are(match['repository'])} says what changed"
        yield (
            f"{found.spot}  {match['repository']}  {before} -> {release.tag}{read * is_other_major(before, release.tag)}",
            Repair(found.file, found.number, (match.start("reference"), end), text),
        )


def short(digest: str) -> str:
    return digest[:19] or "no digest"


def refusal(unanswered: list[tuple[str, Unanswered]]) -> Refusal:
    away = any(reason.away for _, reason in unanswered)
    return Refusal(
        "Not every image and action could be asked for, so nothing was changed.",
        [(spot, f"{reason}   <- not looked at" if reason.away else f"{reason}") for spot, reason in unanswered],
        "Connect and run this again; a company's mirror is named in the Dockerfile or in git's `insteadOf`."
        if away
        else "Write a tag that is there, then run this again.",
        code=COULD_NOT_LOOK if away else DIFFERENT,
    )
