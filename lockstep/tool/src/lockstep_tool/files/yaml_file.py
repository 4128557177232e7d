"""Parse a YAML file into nodes with their lines, as YAML 1.2, and refuse what its readers do not take alike."""

import re
from collections.abc import Mapping
from typing import Any

from lockstep_serve.errors import Refusal
from lockstep_tool.files.node import Mapped, Node, Scalar, Sequenced, Unreadable

__all__ = ["parse_yaml", "read_yaml"]

# YAML 1.1 ends a line, and so a comment, at these; YAML 1.2 does not. A mark of the byte order is no content anywhere.
TAKEN_APART = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ufeff]|\r(?!\n)")
DEEPEST, MOST = 40, 20_000  # levels and nodes: an alias may multiply what it stands for
CORE = "tag:yaml.org,2002:"


def parse_yaml(text: str) -> Node:
    """The one document of a file; raises Unreadable."""
    from ruamel.yaml import YAML  # takes a while, and not every command reads YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

    if strange := TAKEN_APART.search(text):
        line = text.count("\n", 0, strange.start()) + 1
        raise Unreadable(line, f"has the character U+{ord(strange[0]):04X}, which readers of YAML take in different ways")
    try:
        documents = list(YAML(typ="safe", pure=True).compose_all(text))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Unreadable(mark.line + 1 if mark else 1, str(getattr(error, "problem", None) or error)) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(1, str(error)) from error
    if len(documents) != 1:
        raise Unreadable(1, f"has {len(documents)} documents, not one")
    count = 0

    def convert(node: object, depth: int) -> Node:
        nonlocal count
        count += 1
        line = node.start_mark.line + 1  # type: ignore[attr-defined]
        if depth > DEEPEST or count > MOST:
            raise Unreadable(line, "is nested too deeply, or repeats itself by aliases")
        if isinstance(node, ScalarNode):
            return Scalar(line, str(node.value), str(node.tag).removeprefix(CORE))
        if isinstance(node, SequenceNode):
            return Sequenced(line, tuple(convert(item, depth + 1) for item in node.value))
        assert isinstance(node, MappingNode)
        entries: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key, below in node.value:
            name, at = key.value if isinstance(key, ScalarNode) else "?", key.start_mark.line + 1
            if name in entries:
                raise Unreadable(at, f"`{name}` is stated twice")
            entries[name], lines[name] = convert(below, depth + 1), at
        return Mapped(line, entries, lines)

    return convert(documents[0], 0)


def read_yaml(text: str, name: str) -> Mapping[str, Any]:
    """A file's mapping as data; raises Refusal, which calls it `name`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        data = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:
        data = str(error).splitlines()[0]
    if not isinstance(data, dict):
        raise Refusal(f"{name} cannot be read.", [(name, str(data))], f"Restore it: `git checkout {name}`.")
    return data
