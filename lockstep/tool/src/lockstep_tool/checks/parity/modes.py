"""The check `modes`: whether only who made an environment may change it, and its programs run as who starts them."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, name_few
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """One finding that names them with their modes."""
    if modes := comparison.fingerprint["modes"]:
        named = [f"{path} ({mode})" for path, mode in modes.items()]
        yield comparison.finding(CHECK, f"others may write it, or it runs as another user: {name_few(named)}")


CHECK = Check(
    name="modes",
    session="parity",
    asks="Files and directories that others may write, and programs that run as another user.",
    why="What others may write is what was judged only until they do.",
    allowed="What the umask allowed when the whole environment was made.",
    fix="build the environment again, with umask 022",
    find=find,
)
