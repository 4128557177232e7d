"""Parse the directives of an nginx configuration, each with its line and the block that it stands in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Directive", "parse", "seconds", "size"]

# A comment, a quoted word, a sign, a word (`${name}` may stand in it), the end of a line.
TOKEN = re.compile(r"""#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|(?:\$\{\w+\}|[^\s{};"'])+|\n""")
SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
BYTES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


@dataclass(frozen=True)
class Directive:
    """`block` names what encloses it, the outermost first: `("http", "upstream")`; lines count from 1."""

    file: str
    number: int
    block: tuple[str, ...]
    name: str
    words: tuple[str, ...]

    @property
    def spot(self) -> str:
        """`file:line`, as a finding names it."""
        return f"{self.file}:{self.number}"

    def __str__(self) -> str:
        return " ".join((self.name, *self.words))


def parse(file: str, text: str) -> Iterator[Directive]:
    """Every directive of a file's text, in order.

    A block's own name is a directive, too; what follows it has that name in its `block`.
    """
    block: list[str] = []
    words: list[str] = []
    number = first = 1
    for token in TOKEN.findall(text):
        if token == "\n":
            number += 1
        elif token in {"{", ";"}:
            if words:
                yield Directive(file, first, tuple(block), words[0], tuple(words[1:]))
            if token == "{":
                block.append(words[0] if words else "")
            words = []
        elif token == "}":
            del block[-1:]
        elif not token.startswith("#"):
            first = first if words else number
            words.append(token.strip("\"'"))
            number += token.count("\n")


def seconds(word: str) -> float | None:
    """`35s`, `500ms`, `1m` or `60`; None for anything else, a variable for instance."""
    match = re.fullmatch(r"(\d+)(ms|s|m|h|)", word)
    return int(match[1]) * SECONDS[match[2]] if match else None


def size(word: str) -> float | None:
    """Bytes: `10m`, `64k` or `8000`; None for anything else."""
    match = re.fullmatch(r"(\d+)([kmg]?)", word.lower())
    return int(match[1]) * BYTES[match[2]] if match else None
