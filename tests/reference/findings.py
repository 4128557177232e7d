"""The list of findings: each script with its versions and what it shows, from the script's own first comment."""

import re
from pathlib import Path

__all__ = ["page"]

HEAD = """\
# Findings

<!-- Written by `uv run noxfile.py -s docs -- --write`, from the scripts. -->

What real tools do otherwise than a knowledgeable person would guess, each shown by a script that fails when it changes.
A script installs pinned public packages in a temporary folder, runs them without Lockstep, and says what it saw.

| script | version | what it shows |
| --- | --- | --- |
"""
# `# uv 0.13.9, pip 26.3: what they do.`, the line below the interpreter's.
FIRST = re.compile(r"#!.*\n# (?P<versions>[^:]*\d[^:]*): (?P<shows>[^\n]+)\n#\n")


def page(root: Path) -> str:
    """A row for each script.

    Raises:
        ValueError: a script does not begin with its versions and one line that says what it shows.
    """
    return HEAD + "".join(row(script) for script in sorted((root / "findings").glob("*.sh")))


def row(script: Path) -> str:
    first = FIRST.match(script.read_text(encoding="utf-8"))
    if first is None:
        raise ValueError(f"{script}: the second line should be `# NAME VERSION: what it shows.`, the third `#`")
    return f"| [{script.name}]({script.name}) | {first['versions']} | {first['shows'].removesuffix('.')} |\n"
