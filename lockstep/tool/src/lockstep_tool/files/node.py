"""What a YAML, TOML, unit or Dockerfile says, in one form: mappings, sequences and scalars, each with its line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Mapped", "Node", "Path", "Scalar", "Sequenced", "Unreadable", "fits", "matching", "scalars", "show"]

# Keys from the outermost on; `[]` is an item of a sequence.
Path = tuple[str, ...]
LONGEST = 70  # characters of what is shown


class Unreadable(ValueError):
    """A file that is not what its name says: `line` from 1, and why in words."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True)
class Scalar:
    """`kind` tells `8000` from `"8000"` where the language does."""

    line: int
    text: str
    kind: str = "str"


@dataclass(frozen=True)
class Sequenced:
    """The items, in order."""

    line: int
    items: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Mapped:
    """The entries, each key once; `lines` has that of each key."""

    line: int
    entries: Mapping[str, "Node"] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)


Node = Scalar | Sequenced | Mapped


def fits(path: Path, pattern: str) -> bool:
    """Whether a path is one of a pattern such as `jobs/*/steps/[]/run`: `*` is one key of any name."""
    parts = pattern.split("/")
    return len(parts) == len(path) and all(part in {"*", key} for part, key in zip(parts, path, strict=True))


def walk(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every node below this one, itself first."""
    yield path, node
    if isinstance(node, Mapped):
        for key, below in node.entries.items():
            yield from walk(below, (*path, key))
    elif isinstance(node, Sequenced):
        for item in node.items:
            yield from walk(item, (*path, "[]"))


def matching(node: Node, pattern: str) -> Iterator[Node]:
    """The nodes at the paths of a pattern."""
    return (found for path, found in walk(node) if fits(path, pattern))


def scalars(node: Node) -> Iterator[Scalar]:
    """Every scalar."""
    return (found for _, found in walk(node) if isinstance(found, Scalar))


def show(node: Node) -> str:
    """A node on one line, cut off where it is long."""
    if isinstance(node, Scalar):
        text = node.text
    elif isinstance(node, Sequenced):
        text = f"[{', '.join(map(show, node.items))}]"
    else:
        text = "{" + ", ".join(f"{key}: {show(below)}" for key, below in node.entries.items()) + "}"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
