"""The check `menu`: whether noxfile.py is what the template gives."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.given import Given, compare_given
from lockstep_tool.files.line_file import parse_every_line
from lockstep_tool.service import Service

__all__ = ["CHECK"]


def find(service: Service) -> Iterator[Finding]:
    """Each line counts: its first ones say what is installed to run it."""
    yield from compare_given(service, CHECK, Given(("noxfile.py",), parse_every_line))


CHECK = Check(
    name="menu",
    session="pins",
    asks="noxfile.py, line by line, compared with what the template gives.",
    why="A session that does nothing is green everywhere.",
    allowed="Never; sessions of yours stand in nox_local.py.",
    fix="Run `git checkout noxfile.py`; sessions of yours go to nox_local.py.",
    find=find,
)
