"""The check `actions`: whether workflows name each action of others by its commit."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.files.pinned_actions import actions, is_commit
from lockstep_tool.files.tree import CI
from lockstep_tool.service import Service

__all__ = ["CHECK"]


def find(service: Service) -> Iterator[Finding]:
    """Actions by a tag or a branch, and jobs on a machine that is whatever is newest."""
    if found := [one for one in actions(service.files) if not is_commit(one.match["reference"])]:
        yield CHECK.finding(
            "An action is not pinned to a commit.",
            where=tuple((one.spot, f"{one.line.strip()}   <- can be moved") for one in found),
            fix="Write the commit, and the tag as a comment: `@<40 characters> # v1.2.3`; "
            "`uv run noxfile.py -s pins -- --refresh` does so.",
        )
    if machines := list(service.files.statements(r"^\s*runs-on:\s*(\S+-latest)\b", *CI)):
        yield CHECK.finding(
            "CI runs on whatever machine is newest.",
            where=tuple((one.spot, f"{one.match[1]}   <- moves") for one in machines),
            fix="Name the release, such as ubuntu-24.04.",
            severity=Severity.WARNING,
        )


CHECK = Check(
    name="actions",
    session="pins",
    asks="Actions in workflows, each by its commit.",
    why="A tag can be moved by whoever owns it.",
    allowed="Actions of this repository.",
    fix="uv run noxfile.py -s pins -- --refresh",
    find=find,
)
