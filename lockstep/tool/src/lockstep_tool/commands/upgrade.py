"""Move uv, Python and the locked packages, wherever their versions are repeated."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.files.upgrade import upgrade


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("--uv", default="", metavar="X.Y.Z", help="the uv to move to")
    parser.add_argument("--python", default="", metavar="X.Y.Z", help="the Python to move to")
    parser.add_argument("-P", dest="packages", action="append", default=[], metavar="NAME", help="only this package")
    parser.add_argument("--keep", action="store_true", help="leave the packages as they are")
    print("\n".join(upgrade(root, **vars(parser.parse_args(words)))))
    return SAME
