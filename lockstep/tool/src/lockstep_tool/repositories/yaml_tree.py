"""Find one's way in a YAML file whose shape is not known: what is not there is nothing."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from lockstep_tool.files.node import Mapped, Node, Scalar, Sequenced
from lockstep_tool.files.yaml_file import parse_yaml

__all__ = ["children", "entries", "find", "read_documents", "scalars_of", "script_of", "settings_of", "text_of"]

ENDS = ("|", "|-", "|+", ">", ">-", ">+")


@lru_cache(4096)
def read_documents(text: str) -> tuple[Node, ...]:
    """Its documents, with the lines of the file; raises Unreadable. Many services have the same files."""
    parts, start = list[tuple[int, str]](), 0
    lines = text.split("\n")
    for number, line in enumerate([*lines, "---"]):
        if line.rstrip() == "---" or line.startswith(("--- ", "---\t")):
            parts.append((start, "\n".join(lines[start:number])))
            start = number + 1
    told = [(first, part) for first, part in parts if any(has_content(line) for line in part.split("\n"))]
    return tuple(parse_yaml("\n" * first + part) for first, part in told)


def has_content(line: str) -> bool:
    return line.strip() != "" and not line.lstrip().startswith("#") and line.rstrip() != "..."


def find(node: Node | None, *keys: str) -> Node | None:
    """What stands below these keys."""
    for key in keys:
        node = entries(node).get(key)
    return node


def entries(node: Node | None) -> Mapping[str, Node]:
    """The entries, with those that are merged in by `<<`."""
    if not isinstance(node, Mapped):
        return {}
    if "<<" not in node.entries:
        return node.entries
    merged = [entries(one) for one in reversed(children(node.entries["<<"]))]
    return {name: below for one in (*merged, node.entries) for name, below in one.items() if name != "<<"}


def children(node: Node | None) -> tuple[Node, ...]:
    """The items of a sequence; one that is none is its only item."""
    return () if node is None else node.items if isinstance(node, Sequenced) else (node,)


def text_of(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) and node.kind != "null" else ""


def scalars_of(node: Node | None) -> Iterator[Scalar]:
    """The scalars among the items, also of lists in lists."""
    for item in children(node):
        if isinstance(item, Scalar):
            yield item
        elif isinstance(item, Sequenced):
            yield from scalars_of(item)


def settings_of(node: Node | None) -> dict[str, str]:
    """A mapping, or a list of NAME=VALUE, as variables."""
    if isinstance(node, Mapped):
        return {name: text_of(value) for name, value in node.entries.items()}
    pairs = (scalar.text.partition("=") for scalar in scalars_of(node))
    return {name: value for name, _, value in pairs}


def script_of(lines: list[str], scalar: Scalar) -> tuple[int, str]:
    """The first line of a script, and its text; a block begins below its key."""
    stated = lines[scalar.line - 1].rstrip() if scalar.line <= len(lines) else ""
    return scalar.line + stated.endswith(ENDS), scalar.text
