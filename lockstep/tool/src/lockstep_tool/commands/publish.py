"""Push the image of this commit, and say by which digest it is known."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.images.publish import publish
from lockstep_tool.service import Service


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("repository", help="where to, such as registry.example.org/team/orders-api")
    print(publish(Service(root), parser.parse_args(words).repository))
    return SAME
