"""Read a Dockerfile as its stages and their instructions, as the engines do.

https://docs.docker.com/reference/dockerfile/. dockerfile-parse, which others use, knows no here-documents.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lockstep_tool.repositories.shell import HERE_DOCUMENT

__all__ = ["Instruction", "Stage", "fill", "read_dockerfile", "read_instructions", "words_of"]

VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?[-+]([^}]*))?\}|(\w+))")


@dataclass(frozen=True)
class Instruction:
    """`name` is in capitals; `body` has the here-documents behind it, which begin at `body_line`."""

    line: int
    name: str
    rest: str
    body: str = ""
    body_line: int = 0


@dataclass(frozen=True)
class Stage:
    """`image` is what it begins from, with the arguments that have a value; `below` is that stage where it is one."""

    line: int
    image: str
    name: str
    below: "Stage | None"
    values: dict[str, str] = field(default_factory=dict)
    instructions: list[Instruction] = field(default_factory=list)

    def of(self, *names: str) -> Iterator[Instruction]:
        return (one for one in self.instructions if one.name in names)

    def last(self, name: str) -> Instruction | None:
        """The last instruction of that name, also of the stages that it begins from."""
        found = list(self.of(name))
        return found[-1] if found else self.below.last(name) if self.below else None

    @property
    def base(self) -> str:
        """The image that all of it stands on."""
        return self.below.base if self.below else self.image


def read_dockerfile(text: str) -> list[Stage]:
    """The stages in order; none of a text that has no FROM."""
    stages: list[Stage] = []
    outside: dict[str, str] = {}
    for one in read_instructions(text):
        if one.name == "FROM":
            image, name = split_from(one.rest)
            below = next((stage for stage in reversed(stages) if stage.name == image.lower() != ""), None)
            stages.append(Stage(one.line, fill(image, outside), name.lower() or str(len(stages)), below))
            stages[-1].values.update(below.values if below else {})
        elif not stages:
            outside |= read_values(one, outside)
        else:
            stages[-1].instructions.append(one)
            stages[-1].values.update(read_values(one, {**outside, **stages[-1].values}, outside))
    return stages


def read_instructions(text: str) -> Iterator[Instruction]:
    """The instructions, continued lines joined."""
    lines = text.splitlines()
    found = re.match(r"(?:\s*#.*\n)*?\s*#\s*escape\s*=\s*([`\\])", text)
    escape = found[1] if found else "\\"
    number = 0
    while number < len(lines):
        first, joined = number + 1, ""
        while number < len(lines):
            line = lines[number].rstrip()
            number += 1
            if line.lstrip().startswith("#") or (joined and not line.strip()):
                continue
            joined += line.removesuffix(escape) + " " * line.endswith(escape)
            if not line.endswith(escape):
                break
        word, _, rest = joined.strip().partition(" ")
        body, begun = list[str](), number + 1
        for until in HERE_DOCUMENT.findall(rest) if word.upper() in {"RUN", "COPY", "ADD"} else ():
            while number < len(lines) and lines[number].strip() != until:
                body.append(lines[number])
                number += 1
            number += 1
        if word:
            yield Instruction(first, word.upper(), rest.strip(), "\n".join(body), begun)


def split_from(rest: str) -> tuple[str, str]:
    """The image and the name of the stage."""
    words = [word for word in rest.split() if not word.startswith("--")]
    return words[0] if words else "", words[2] if len(words) > 2 and words[1].lower() == "as" else ""


def read_values(one: Instruction, known: Mapping[str, str], outside: Mapping[str, str] | None = None) -> dict[str, str]:
    """What ARG and ENV give a value; an ARG without one has what it had outside of the stages."""
    if one.name not in {"ARG", "ENV"}:
        return {}
    if one.name == "ARG" and "=" not in one.rest:
        return {name: (outside or {})[name] for name in one.rest.split() if name in (outside or {})}
    pairs = re.findall(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)", one.rest) or re.findall(r"^(\w+)\s+(.+)$", one.rest)
    return {name: fill(value.strip("\"'"), known) for name, value in pairs}


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with the variables that have a value; others stay as they are written."""
    return VARIABLE.sub(lambda found: values.get(found[1] or found[3]) or found[2] or found[0], text)


def words_of(rest: str) -> list[str] | None:
    """The words of an instruction that is written as a list; None where a shell reads it."""
    try:
        words = json.loads(rest)
    except ValueError:
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None
