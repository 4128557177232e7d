"""The check `python`: whether an environment runs the exact version that `.python-version` states."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.environments.environment import Comparison

__all__ = ["CHECK"]


def find(comparison: Comparison) -> Iterator[Finding]:
    """The version that runs, where it is another one."""
    runs, declared = comparison.fingerprint["python"], comparison.service.python
    if runs != declared:
        what = f"runs {runs}, .python-version says {declared}"
        yield comparison.finding(CHECK, what, where=((".python-version:1", declared),))


CHECK = Check(
    name="python",
    session="parity",
    asks="The exact version of Python.",
    why="Two patches are two interpreters: standard library, OpenSSL and behaviour differ.",
    allowed="Never.",
    fix="build the environment again; `.python-version` says which",
    find=find,
)
