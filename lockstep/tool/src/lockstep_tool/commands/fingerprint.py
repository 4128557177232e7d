"""Save what this commit installs, to ask later what changed.

Without a file it is printed. `--program` prints the program that looks: pipe it into any Python from 3.11 on, such as
`lockstep fingerprint --program | kubectl exec -i POD -- python -B -`.
"""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.environments.parity import fingerprint_here, save_fingerprint
from lockstep_tool.environments.probe import probe_program
from lockstep_tool.service import Service


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("--program", action="store_true", help="print the program that looks, instead of looking")
    parser.add_argument("file", nargs="?", type=Path, help="where to save it, such as release-1.4.json")
    given = parser.parse_args(words)
    if given.program:
        print(probe_program().decode(), end="")
    elif given.file:
        print(save_fingerprint(Service(root), given.file))
    else:
        print(fingerprint_here(Service(root)), end="")
    return SAME
