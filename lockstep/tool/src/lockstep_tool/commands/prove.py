"""Start the production server, see it serve and drain."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.prove.prove import prove


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("--again", action="store_true", help="prove it again, also when it was proved of exactly these bytes")
    prove(root, again=parser.parse_args(words).again)
    return SAME
