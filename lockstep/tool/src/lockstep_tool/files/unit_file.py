"""Parse a unit file of systemd into nodes: section → key → its values in order, for a key may be stated several times.

https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html
"""

import re

from lockstep_tool.files.node import Mapped, Node, Scalar, Sequenced, Unreadable

__all__ = ["parse_unit"]


def parse_unit(text: str) -> Node:
    """Every section of a file; raises Unreadable for a line that is none of a unit file."""
    sections: dict[str, dict[str, list[Scalar]]] = {}
    lines: dict[str, int] = {}
    section, begun, first = "", "", 0
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.lstrip().startswith(("#", ";")) or (not begun and not line.strip()):
            continue  # a comment also goes by between two halves of a value
        first = first or number
        begun += line.strip()
        if begun.endswith("\\"):
            begun = begun[:-1] + " "
            continue
        key, equals, value = begun.partition("=")
        if header := re.fullmatch(r"\[([^\[\]]+)\]", begun):
            section = header[1]
            sections.setdefault(section, {})
            lines.setdefault(section, first)
        elif equals and section:
            sections[section].setdefault(key.strip(), []).append(Scalar(first, value.strip()))
        else:
            raise Unreadable(first, f"`{begun}` is no line of a unit")
        begun, first = "", 0
    return Mapped(1, {name: section_of(keys, lines[name]) for name, keys in sections.items()}, lines)


def section_of(keys: dict[str, list[Scalar]], line: int) -> Mapped:
    return Mapped(
        line,
        {key: Sequenced(values[0].line, tuple(values)) for key, values in keys.items()},
        {key: values[0].line for key, values in keys.items()},
    )
