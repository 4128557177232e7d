"""Ask a vulnerability service about the locked packages."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.service import Service
from lockstep_tool.supply.audit import audit


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("--all", action="store_true", dest="everything", help="those that only developers need, too")
    parser.add_argument("--seconds", type=float, default=30, help="to wait for each answer; default 30")
    print(audit(Service(root), **vars(parser.parse_args(words))))
    return SAME
