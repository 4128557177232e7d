"""Compare what a file says with what the template gives, but for the places where a team may write.

Nothing is looked for: whatever is neither given nor allowed is a difference, and so is what is given and not there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from posixpath import commonprefix

from lockstep_tool.files.aligning import find_gaps
from lockstep_tool.files.node import Mapped, Node, Path, Scalar, Sequenced, fits, scalars, show

__all__ = ["Difference", "Place", "compare_nodes"]


@dataclass(frozen=True)
class Place:
    """Where a file may be otherwise: `path` as `fits` reads it, `may` says it in words for the documentation.

    `value` is a pattern that what is given and what is found must both match; what its group `same` holds must agree.
    With `more`, entries or items may be there that are not given: below a key that matches `key`, with scalars that match
    `value`. With `less`, what is given may be missing. Without any of them everything below the path is the team's.
    """

    path: str
    may: str
    value: str = ""
    key: str = ""
    more: bool = False
    less: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self.value or r"[\s\S]*")

    @property
    def free(self) -> bool:
        return not (self.value or self.more or self.less)


@dataclass(frozen=True)
class Difference:
    """`line` of the file that was looked at, and what is there instead of what is given."""

    line: int
    said: str


def compare_nodes(given: Node, found: Node, places: Sequence[Place], path: Path = ()) -> Iterator[Difference]:
    """Every difference that no place allows, in the order of the file."""
    here = [place for place in places if fits(path, place.path)]
    if any(place.free for place in here):
        return
    if isinstance(given, Mapped) and isinstance(found, Mapped):
        yield from compare_mappings(given, found, places, path)
    elif isinstance(given, Sequenced) and isinstance(found, Sequenced):
        yield from compare_sequences(given, found, places, path)
    elif isinstance(given, Scalar) and isinstance(found, Scalar):
        if (given.kind, given.text) != (found.kind, found.text) and not any(agree(given, found, place) for place in here):
            yield Difference(found.line, f"{name(path)}{tell_apart(given.text, found.text)}")
    else:
        yield Difference(found.line, f"{said(path, found)}   <- differs from {show(given)}")


def agree(given: Scalar, found: Scalar, place: Place) -> bool:
    """Whether both are of the place's pattern, and the same where it says `same`."""
    if not place.value or place.more:
        return False
    one, other = place.pattern.fullmatch(given.text), place.pattern.fullmatch(found.text)
    return bool(one and other) and one.groupdict().get("same") == other.groupdict().get("same")  # type: ignore[union-attr]


def compare_mappings(given: Mapped, found: Mapped, places: Sequence[Place], path: Path) -> Iterator[Difference]:
    for key, below in found.entries.items():
        if key in given.entries:
            yield from compare_nodes(given.entries[key], below, places, (*path, key))
        elif allowed_more(below, places, (*path, key)):
            continue
        elif not isinstance(below, Scalar) and allowed_below(places, (*path, key)):
            yield from compare_nodes(type(below)(below.line), below, places, (*path, key))
        else:
            yield Difference(found.lines.get(key, below.line), f"{said((*path, key), below)}   <- not Lockstep's")
    for key, below in given.entries.items():
        if key not in found.entries and not allowed_less(places, (*path, key)):
            yield Difference(found.line, f"{said((*path, key), below)}   <- missing")


def compare_sequences(given: Sequenced, found: Sequenced, places: Sequence[Place], path: Path) -> Iterator[Difference]:
    """Items that agree are matched in order; between them, what is one for one is compared, and the rest named."""
    below = (*path, "[]")

    def same(one: Node, other: Node) -> bool:
        return next(compare_nodes(one, other, places, below), None) is None

    for ours, theirs in find_gaps(given.items, found.items, same):
        alike = len(ours) == len(theirs) or all(isinstance(one, Scalar) for one in (*ours, *theirs))
        pairs = min(len(ours), len(theirs)) if alike else 0
        for one, other in zip(ours[:pairs], theirs[:pairs], strict=True):
            yield from compare_nodes(one, other, places, below)
        for other in theirs[pairs:]:
            if not allowed_more(other, places, below):
                yield Difference(other.line, f"{said(path, other)}   <- not Lockstep's")
        line = theirs[0].line if theirs else found.line
        for one in ours[pairs:]:
            if not allowed_less(places, below):
                yield Difference(line, f"{said(path, one)}   <- missing")


def allowed_more(node: Node, places: Sequence[Place], path: Path) -> bool:
    return any(
        fits(path, place.path) and re.fullmatch(place.key or r"[\s\S]*", path[-1]) is not None and allows_more(place, node)
        for place in places
        if place.more or place.free
    )


def allows_more(place: Place, node: Node) -> bool:
    """Whether all that was added is of the place's pattern."""
    return place.free or (place.more and all(place.pattern.fullmatch(scalar.text) for scalar in scalars(node)))


def allowed_below(places: Sequence[Place], path: Path) -> bool:
    """Whether a place that names this very key allows something below it."""
    return any(
        len(parts := place.path.split("/")) > len(path)
        and parts[len(path) - 1] == path[-1]
        and fits(path, "/".join(parts[: len(path)]))
        for place in places
        if place.more or place.free
    )


def allowed_less(places: Sequence[Place], path: Path) -> bool:
    return any(fits(path, place.path) for place in places if place.less)


def name(path: Path) -> str:
    """`jobs.lockstep.steps: `, or nothing for what has no name."""
    keys = [key for key in path if key != "[]"]
    return f"{'.'.join(keys)}: " if keys else ""


def said(path: Path, node: Node) -> str:
    """What is at a path; a key without a value by its name."""
    return f"{name(path)}{show(node)}".removesuffix(": ")


def tell_apart(given: str, found: str) -> str:
    """Two texts from the word on in which they differ; both whole where they are short."""
    start = len(commonprefix((given, found)))
    start = max(found.rfind(" ", 0, start), 0) if max(len(given), len(found)) > 60 else 0
    one, other = (show(Scalar(0, f"{'…' * bool(start)}{text[start:]}".strip())) for text in (given, found))
    return f"{other or 'nothing'}   <- differs from {one or 'nothing'}"
