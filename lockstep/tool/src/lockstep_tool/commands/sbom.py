"""Write the SBOM of the lock and of the image; compare them."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.service import Service
from lockstep_tool.supply.sbom import sbom


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("image", nargs="?", default="", help="the image to look into; default: the service's")
    for line in sbom(Service(root), parser.parse_args(words).image):
        print(line, flush=True)
    return SAME
