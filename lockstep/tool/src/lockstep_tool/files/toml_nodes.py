"""Parse a TOML file into nodes; lines are those on which a key or the title of its table stands."""

import re
import tomllib
from datetime import date, datetime, time
from typing import Any

from lockstep_tool.files.node import Mapped, Node, Scalar, Sequenced, Unreadable

__all__ = ["parse_toml"]


def parse_toml(text: str) -> Node:
    """The whole file; raises Unreadable."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise Unreadable(int(line[1]) if line else 1, str(error)) from error
    return convert(data, 1, text)


def convert(value: Any, line: int, text: str) -> Node:
    if isinstance(value, dict):
        lines = {key: line_of(text, key, line) for key in value}
        return Mapped(line, {key: convert(below, lines[key], text) for key, below in value.items()}, lines)
    if isinstance(value, list):
        return Sequenced(line, tuple(convert(item, line, text) for item in value))
    if isinstance(value, bool):
        return Scalar(line, str(value).lower(), "bool")
    kind = "date" if isinstance(value, date | datetime | time) else type(value).__name__
    return Scalar(line, str(value), kind)


def line_of(text: str, key: str, otherwise: int) -> int:
    """The first line that states a key or begins a table of its name."""
    stated = re.search(rf"(?m)^\s*(?:\[+[\w\"'.-]*?)?[\"']?{re.escape(key)}[\"']?\s*(?:=|\]|\.)", text)
    return text.count("\n", 0, stated.end()) + 1 if stated else otherwise
