"""Move uv, Python and the locked packages, wherever their versions are repeated."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.files.upgrade import upgrade
from lockstep_tool.updating.proposing import open_request
from lockstep_tool.updating.upgrade_proposal import BRANCH, propose_upgrade


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("--uv", default="", metavar="X.Y.Z", help="the uv to move to")
    parser.add_argument("--python", default="", metavar="X.Y.Z", help="the Python to move to")
    parser.add_argument("-P", dest="packages", action="append", default=[], metavar="NAME", help="only this package")
    parser.add_argument("--keep", action="store_true", help="leave the packages as they are")
    parser.add_argument("--propose", type=Path, metavar="FOLDER", help="for CI: save the change and the text of its request")
    parser.add_argument("--open", type=Path, metavar="FOLDER", help="for CI: open a change request with what was saved")
    options = vars(parser.parse_args(words))
    proposed, saved = options.pop("propose"), options.pop("open")
    if saved:
        return open_request(root, saved, BRANCH)
    print("\n".join(propose_upgrade(root, proposed) if proposed else upgrade(root, **options)))
    return SAME
