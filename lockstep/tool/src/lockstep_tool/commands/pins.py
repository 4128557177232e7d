"""Compare what is stated twice: versions, commands, variables, numbers."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.files.pins import check_pins, compare_nox, mend_pins
from lockstep_tool.service import Service


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("--nox", metavar="X.Y.Z", help="the version of the nox that runs")
    parser.add_argument("--fix", action="store_true", help="rewrite what differs")
    parser.add_argument("--refresh", action="store_true", help="ask for the digests of images and the commits of actions")
    arguments = parser.parse_args(words)
    if arguments.refresh:
        from lockstep_tool.files.refresh import refresh  # it brings an HTTP client

        print("\n".join(refresh(Service(root))))
    if arguments.nox:
        compare_nox(Service(root), arguments.nox)
    if arguments.fix:
        print("\n".join(mend_pins(root)))
    print("\n".join(check_pins(Service(root))))
    return SAME
