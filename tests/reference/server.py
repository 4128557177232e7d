"""The server definitions: each value with its default, its variable and the reason that the file itself gives."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from .markdown import opening, table

__all__ = ["page", "read_definitions"]

FOLDER = Path("questions", "servers")


def page(root: Path) -> str:
    """One table for each server model."""
    parts = [
        opening("The server definition", f"the files in `{FOLDER}/`"),
        "A service has one of these as `src/<package>/server.toml`.",
        "The variable wins over the default. What starts the service reads this file, what deploys it is checked against it.\n",
    ]
    for model, text in read_definitions(root).items():
        rows = table(("value", "default", "variable", "why"), list_values(text))
        parts.append(f"## {model}\n\n{sentence_per_line(head_of(text))}\n\n{rows}")
    return "\n".join(parts)


def read_definitions(root: Path) -> dict[str, str]:
    """Server model → its server.toml."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((root / FOLDER).glob("*.toml"))]
    return {tomllib.loads(text)["model"]: text for text in texts}


def head_of(text: str) -> str:
    """What the file says of its model, before the first value; its first line is about every server.toml."""
    return " ".join(line.removeprefix("# ").removeprefix("Model: ") for line in text.partition("\n\n")[0].splitlines()[1:])


def sentence_per_line(text: str) -> str:
    return re.sub(r"(?<=[.:;]) (?=[A-Z])", "\n", text)


def list_values(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Value, default, variable and the comment above it; a comment speaks for all the values that follow it directly.

    The model itself has no variable.
    """
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
            entry = entries[name] if isinstance(entries[name], dict) else {"default": entries[name], "env": ""}
            why, said = ("As above." if " ".join(comment) == said else " ".join(comment)), " ".join(comment)
            yield f"`{name}`", f"`{entry['default']}`", f"`{entry['env']}`" if entry["env"] else "", why
