"""Read what platforms read that run a service from its repository: how it is built there, and how it is started.

Render's blueprint, the specification of DigitalOcean's App Platform, and App Engine's.
https://render.com/docs/blueprint-spec, https://docs.digitalocean.com/products/app-platform/reference/app-spec/,
https://cloud.google.com/appengine/docs/standard/reference/app-yaml
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lockstep_tool.files.node import Mapped, Node, Scalar
from lockstep_tool.repositories.yaml_tree import children, text_of

__all__ = ["PLATFORMS", "Ordered", "read_platform"]

PLATFORMS = ("render.y*ml", ".do/*.y*ml", "app.y*ml")
BUILDS = frozenset({"buildCommand", "build_command"})
STARTS = frozenset({"startCommand", "run_command", "entrypoint"})


@dataclass(frozen=True)
class Ordered:
    """A command that a platform is to run; `builds` tells one that builds from one that starts."""

    line: int
    text: str
    builds: bool


def read_platform(documents: Sequence[Node]) -> Iterator[Ordered]:
    """Wherever in the file a service is described."""
    for node in documents:
        if not isinstance(node, Mapped):
            yield from read_platform([one for one in children(node) if not isinstance(one, Scalar)])
            continue
        for key, below in node.entries.items():
            if key in BUILDS | STARTS and text_of(below):
                yield Ordered(below.line, text_of(below), key in BUILDS)
            elif not isinstance(below, Scalar):
                yield from read_platform([below])
