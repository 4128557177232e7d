"""What GitHub shows beside the line of a file that is to blame.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import os
import re
import sys

__all__ = ["annotate", "listening"]


def listening() -> bool:
    """Whether this runs where such lines are read."""
    return bool(os.environ.get("GITHUB_ACTIONS"))


def annotate(level: str, place: str, title: str, said: str) -> None:
    """Say it of a place, `file` or `file:line` or none; `level` is error or warning."""
    file, _, line = place.partition(":")
    where = (f"file={file}," if file else "") + (f"line={line}," if re.fullmatch(r"\d+", line) else "")
    text = said.replace("%", "%25").replace("\n", "%0A")
    print(f"::{level} {where}title=lockstep {title}::{text}", file=sys.stderr)
