"""Read a TOML file, or say in words why it cannot be read."""

import tomllib
from pathlib import Path
from typing import Any

from lockstep_serve.errors import Refusal

__all__ = ["read_toml"]


def read_toml(path: Path) -> dict[str, Any]:
    """The file as data; raises Refusal when it is missing, is no TOML or has conflict markers in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refusal(f"{path.name} cannot be read.", [(path.name, str(error.strerror))], "Restore it from git.") from error
    except UnicodeDecodeError as error:
        raise Refusal(f"{path.name} cannot be read.", [(path.name, "is no text in UTF-8")], "Restore it from git.") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = "conflict markers" if "\n<<<<<<<" in f"\n{text}" else str(error)
        raise Refusal(f"{path.name} cannot be read.", [(path.name, said)], "Mend the file, or restore it from git.") from error
