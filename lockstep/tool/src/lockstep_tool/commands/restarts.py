"""Restart the server under load, and count what is lost."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.prove.apart import work_apart
from lockstep_tool.prove.trials_table import show


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("kinds", nargs="*", help="the restarts to try, such as reload; default: all that there are")
    parser.add_argument("--rounds", type=int, default=3, help="how often each restart is tried; default 3")
    parser.add_argument("--seconds", type=float, default=1, help="of load before and after each restart; default 1")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save what was seen")
    arguments = parser.parse_args(words)
    work_apart(lambda: show(root, arguments.kinds, arguments.rounds, arguments.seconds, arguments.json))
    return SAME
