"""Read a shell script as the commands that it runs: their words, with the variables that are set for them."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["HERE_DOCUMENT", "Command", "read_script", "split_line"]

SEPARATORS = frozenset(";&|()")
# Words before a command that leave it what it is.
BEFORE = frozenset({"sudo", "exec", "time", "env", "then", "do", "if", "else", "!", "{", "nohup", "command"})
EXPRESSION = re.compile(r"\$\{\{.*?\}\}")  # of a workflow; it may hold spaces
HERE_DOCUMENT = re.compile(r"<<-?\s*['\"]?(\w+)")


@dataclass(frozen=True)
class Command:
    """`spot` is `file:line`, `settings` are the variables that are set for it."""

    spot: str
    words: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The words as they would be typed, but for quotes."""
        return " ".join(self.words)


def read_script(file: str, line: int, script: str, settings: Mapping[str, str]) -> Iterator[Command]:
    """The commands of a script whose first line is `line` of a file; `settings` are the variables around it."""
    begun, first, until = "", line, ""
    for number, text in enumerate(script.split("\n"), line):
        if until:
            until = "" if text.strip() == until else until
            continue
        if not begun and text.lstrip().startswith("#"):
            continue
        first = first if begun else number
        begun += text.removesuffix("\\") + " " * text.endswith("\\")
        if text.endswith("\\"):
            continue
        if found := HERE_DOCUMENT.search(begun):
            until = found[1]
        for words in split_line(begun):
            yield from make_commands(f"{file}:{first}", words, settings)
        begun = ""


def make_commands(spot: str, words: list[str], settings: Mapping[str, str]) -> Iterator[Command]:
    """A command, and the one that it has a shell run."""
    own = dict(settings)
    while words and (words[0] in BEFORE or re.match(r"\w+=", words[0])):
        name, equal, value = words.pop(0).partition("=")
        own |= {name: value} if equal else {}
    if not words:
        return
    yield Command(spot, tuple(words), own)
    if re.fullmatch(r"(?:.*/)?(?:ba|da)?sh", words[0]) and "-c" in words[:-1]:
        for inner in split_line(words[words.index("-c") + 1]):
            yield from make_commands(spot, inner, own)


def split_line(line: str) -> Iterator[list[str]]:
    """The words of each command on a line."""
    lexer = shlex.shlex(EXPRESSION.sub("${}", line), posix=True, punctuation_chars="".join(SEPARATORS))
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:  # a quote that goes on in another line
        tokens = line.split()
    words: list[str] = []
    for token in tokens:
        if set(token) <= SEPARATORS:
            if words:
                yield words
            words = []
        else:
            words.append(token)
    if words:
        yield words
