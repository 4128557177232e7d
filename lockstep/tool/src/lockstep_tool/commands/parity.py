"""Compare this machine, the image and what is declared.

Other environments are images, container:ID, saved fingerprints (.json), or a command that ends with a Python, such as
`kubectl exec -i POD -- python`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from lockstep_tool.command_line import Parser
from lockstep_tool.environments.parity import parity
from lockstep_tool.service import Service


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("--only", action="store_true", help="compare the environments that are named, without this machine")
    parser.add_argument("--nox", default="", metavar="VERSION", help="the version of the nox that runs")
    parser.add_argument("others", nargs=argparse.REMAINDER, help="other environments; default: the service's image")
    arguments = parser.parse_args(words)
    return parity(Service(root), arguments.others, only=arguments.only, nox=arguments.nox)
