"""The server definitions: each value with its default, its variable and the reason that the file itself gives."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from .markdown import opening, table

__all__ = ["definitions", "page"]


def page(root: Path) -> str:
    """One table for each server model."""
    parts = [
        opening("The server definition", "the `server.toml` of each server model in `template/src/`"),
        "A service has one of these as `src/<package>/server.toml`.",
        "The variable wins over the default. What starts the service reads this file, what deploys it is checked against it.\n",
    ]
    for model, path in definitions(root).items():
        text = path.read_text(encoding="utf-8")
        parts.append(
            f"## {model}\n\n{sentence_per_line(head_of(text))}\n\n{table(('value', 'default', 'variable', 'why'), values(text))}"
        )
    return "\n".join(parts)


def definitions(root: Path) -> dict[str, Path]:
    """Server model → its server.toml, by the condition in the directory's name."""
    found = {}
    for path in sorted((root / "template" / "src").glob("*/server.toml")):
        match = re.search(r"server == '([\w-]+)'", path.parent.name)
        if match is None:
            raise ValueError(f"{path} belongs to no server model")
        found[match[1]] = path
    return found


def head_of(text: str) -> str:
    """What the file says of its model, before the first value; its first line is about every server.toml."""
    return " ".join(line.removeprefix("# ").removeprefix("Model: ") for line in text.partition("\n\n")[0].splitlines()[1:])


def sentence_per_line(text: str) -> str:
    return re.sub(r"(?<=[.:;]) (?=[A-Z])", "\n", text)


def values(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Value, default, variable and the comment above it; a comment speaks for all the values that follow it directly."""
    entries = tomllib.loads(text)
    comment: list[str] = []
    said = ""
    for line in text.partition("\n\n")[2].splitlines():
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        elif not line:
            comment = []
        else:
            name = line.partition("=")[0].strip()
            why, said = ("As above." if " ".join(comment) == said else " ".join(comment)), " ".join(comment)
            yield f"`{name}`", f"`{entries[name]['default']}`", f"`{entries[name]['env']}`", why
