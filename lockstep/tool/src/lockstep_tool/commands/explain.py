"""Say what a check asks, and when a difference is allowed."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.checks.explain import explain
from lockstep_tool.command_line import Parser


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("check", nargs="*", help="the name of a check, such as bytes; default: a line for each")
    print(explain(" ".join(parser.parse_args(words).check)))
    return SAME
