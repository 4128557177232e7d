"""Compare the answers that two environments gave to the same requests, part by part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

__all__ = ["CHANGES", "Difference", "find_departures", "find_differences", "find_unsteady", "is_status"]

CHANGES = "changes from one answer to the next"

EXCERPT, BEFORE = 48, 16  # characters shown of a body, and how many of them are before the first that differs


@dataclass(frozen=True)
class Difference:
    """`part` names it, such as `GET /: header content-type`; `there` and `here` are what the two environments answer."""

    part: str
    there: str
    here: str

    def describe(self, here: str) -> str:
        """As the report says it of the other environment."""
        return f"{self.part} {self.there} ({here}: {self.here})"


def find_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    """How `other` answers otherwise than `one`; with another status, nothing else is told of that path."""
    for path in one:
        here, there = one[path], other[path]
        if here["status"] != there["status"]:
            yield Difference(named(path, "status"), status(there), status(here))
            continue
        for name in sorted(here["headers"].keys() | there["headers"].keys()):
            values = [answer["headers"].get(name) for answer in (there, here)]
            if values[0] != values[1]:
                yield Difference(named(path, name), *("none" if v is None else repr(v) for v in values))
        if here["body"] != there["body"]:
            yield Difference(named(path, "body"), body(there, here), body(here, there))


def find_unsteady(answers: Mapping[str, Any]) -> Iterator[str]:
    """The parts that were others when the environment was asked again; with another status, nothing else of that path."""
    for path, answer in answers.items():
        parts = answer["unsteady"]
        yield from (named(path, part) for part in (["status"] if "status" in parts else parts))


def find_departures(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Difference]:
    """How `other` answers otherwise than `one`, or changes by itself, each part once."""
    differing = {found.part: found for found in find_differences(one, other)}
    changing = {part: Difference(part, CHANGES, "does not") for part in find_unsteady(other)}
    return [*{**differing, **changing}.values()]


def named(path: str, part: str) -> str:
    return f"GET {path}: {part if part in {'status', 'body'} else f'header {part}'}"


def is_status(part: str) -> bool:
    """Whether a part of this name is the status of an answer."""
    return part.endswith(": status")


def status(answer: Mapping[str, Any]) -> str:
    return str(answer["status"]) if answer["status"] else f"none, {answer['text']}"


def body(answer: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Its size, and what it says where the two part."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(answer["text"], other["text"], strict=False))
    begin = max(0, sum(1 for _ in alike) - BEFORE)
    shown = answer["text"][begin : begin + EXCERPT]
    size = f"of {answer['size']} bytes"
    return f"{size}, {'…' if begin else ''}{shown!r}" if answer["text"] != other["text"] else size
