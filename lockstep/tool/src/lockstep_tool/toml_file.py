"""Read a TOML file, or say in words why it cannot be read."""

import errno
import re
import tomllib
from pathlib import Path
from typing import Any

from lockstep_serve.errors import Refusal

__all__ = ["expect_file", "read_toml"]

# An inline table over several lines, or with a comma at its end: https://toml.io/en/v1.1.0#inline-table
NEWER = re.compile(r"(?m)^[^#\n]*=\s*\[?\s*\{[^{}]*(?:\n[^{}]*|,\s*)\}")


def expect_file(path: Path) -> Path:
    """The path; raises OSError for a pipe, a socket or a device, from which one might read for ever."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "neither file nor directory", path.name)
    return path


def read_toml(path: Path) -> dict[str, Any]:
    """The file as data; raises Refusal when it is missing, is no TOML or has conflict markers in it."""
    try:
        text = expect_file(path).read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        said = f"byte {error.start} is not UTF-8"
        raise Refusal(f"{path.name} is no text.", [(path.name, said)], "Restore it from git.") from error
    except OSError as error:
        raise Refusal(f"{path.name} cannot be read.", [(path.name, str(error.strerror))], "Restore it from git.") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = "conflict markers" if "\n<<<<<<<" in f"\n{text}" else str(error)
        if NEWER.search(text):
            raise Refusal(
                f"{path.name} is TOML 1.1, which uv reads and Python does not before 3.15.",
                [(path.name, said)],
                "Write each inline table, `{ … }`, on one line, without a comma at its end.",
            ) from error
        raise Refusal(f"{path.name} cannot be read.", [(path.name, said)], "Mend the file, or restore it from git.") from error
