"""Bring uv.lock back to pyproject.toml, also after an update left it in conflict."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.files.kept_files import keep_files
from lockstep_tool.locks.relock import relock


def run(words: Sequence[str], root: Path) -> int:
    Parser(__name__, __doc__).parse_args(words)
    with keep_files(root, ["uv.lock"], "relock"):
        done = relock(root)
    print(done)
    return SAME
