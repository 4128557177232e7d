"""The check `source`: whether the service is installed as it is in the checkout."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """One finding that names the files that are otherwise there, or on one side only."""
    there, here = comparison.fingerprint["source"], comparison.service.source
    if other := sorted(file for file in {*there, *here} if there.get(file) != here.get(file)):
        what = f"other than in this checkout: {name_few(other)}"
        yield comparison.finding(CHECK, what, where=((f"src/{other[0]}", "as in this checkout"),))


CHECK = Check(
    name="source",
    session="parity",
    asks="The service's own files, in the checkout and as installed.",
    why="uv sync --check does not see that an installed service is older than its source.",
    allowed="Never.",
    fix="build the environment again from this commit",
    find=find,
)
