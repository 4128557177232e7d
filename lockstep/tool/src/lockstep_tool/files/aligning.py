"""Match the items of two sequences in order, and find what lies between those that agree."""

from collections.abc import Callable, Iterator, Sequence

from lockstep_tool.files.node import Node

__all__ = ["find_gaps"]

Gap = tuple[Sequence[Node], Sequence[Node]]


def find_gaps(given: Sequence[Node], found: Sequence[Node], same: Callable[[Node, Node], bool]) -> Iterator[Gap]:
    """What lies between the items that agree: a longest common subsequence, after the ends that are alike."""
    first = 0
    while first < min(len(given), len(found)) and same(given[first], found[first]):
        first += 1
    last = 0
    while last < min(len(given), len(found)) - first and same(given[-1 - last], found[-1 - last]):
        last += 1
    ours, theirs = given[first : len(given) - last], found[first : len(found) - last]
    longest = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i in reversed(range(len(ours))):
        for j in reversed(range(len(theirs))):
            step = longest[i + 1][j + 1] + 1 if same(ours[i], theirs[j]) else 0
            longest[i][j] = max(step, longest[i + 1][j], longest[i][j + 1])
    i = j = 0
    left: tuple[list[Node], list[Node]] = ([], [])
    while i < len(ours) or j < len(theirs):
        if i < len(ours) and j < len(theirs) and longest[i][j] == longest[i + 1][j + 1] + 1 and same(ours[i], theirs[j]):
            yield left
            left, i, j = ([], []), i + 1, j + 1
        elif j == len(theirs) or (i < len(ours) and longest[i + 1][j] >= longest[i][j + 1]):
            left[0].append(ours[i])
            i += 1
        else:
            left[1].append(theirs[j])
            j += 1
    yield left
