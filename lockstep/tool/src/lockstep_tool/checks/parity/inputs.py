"""The check `inputs`: whether an environment was made from the files of this checkout."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """One finding for each file that the environment carries and that is another one here."""
    for name, value in comparison.fingerprint["inputs"].items():
        if value != comparison.service.inputs[name]:
            yield comparison.finding(CHECK, f"{name} is another one than in this checkout")


CHECK = Check(
    name="inputs",
    session="parity",
    asks="uv.lock, pyproject.toml and .python-version as the environment has them.",
    why="An image of another commit was made from another declaration.",
    allowed="Never.",
    fix="build the environment again from this commit",
    find=find,
)
