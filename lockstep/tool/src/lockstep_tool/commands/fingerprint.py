"""Save what this commit installs, to ask later what changed."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.environments.parity import keep
from lockstep_tool.sync import production


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("file", type=Path, help="where to save it, such as release-1.4.json")
    print(keep(root, production(root), parser.parse_args(words).file))
    return SAME
