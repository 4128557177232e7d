"""Judge uv.lock: fresh, honest, old enough.

Nothing is asked of a network, unless `--registry` has the index asked as well.
"""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.locks.lock import check_lock
from lockstep_tool.service import Service


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("--registry", action="store_true", help="ask the index as well, which takes a network")
    arguments = parser.parse_args(words)
    print("\n".join(check_lock(Service(root), registry=arguments.registry)))
    return SAME
