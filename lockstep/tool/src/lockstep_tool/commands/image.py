"""Build the production image and judge it."""

from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME
from lockstep_tool.command_line import Parser
from lockstep_tool.images.image import image
from lockstep_tool.service import Service


def run(words: Sequence[str], root: Path) -> int:
    parser = Parser(__name__, __doc__)
    parser.add_argument("--engine", default="", metavar="NAME", help="docker, podman or both; default: the one that answers")
    parser.add_argument("--twice", action="store_true", help="build twice without a cache, and compare layer by layer")
    parser.add_argument("--look", default="", metavar="IMAGE", help="look into an image of the engine, and build none")
    parser.add_argument("--same-as", default="", metavar="IMAGE", help="compare the build with an image of the engine")
    given = parser.parse_args(words)
    for line in image(Service(root), given.engine, twice=given.twice, same_as=given.same_as, only_look=given.look):
        print(line, flush=True)
    return SAME
