"""Find the actions that workflows use by a tag or a branch, and jobs on a machine that is whatever is newest."""

from collections.abc import Iterator
from pathlib import Path

from lockstep_tool.files.faults import Fault
from lockstep_tool.files.statements import CI, Statement, statements

__all__ = ["USES", "actions", "by_tag"]

# `owner/repository/path@reference # tag`
USES = (
    r"uses:\s*['\"]?(?P<repository>[\w-][\w.-]*/[\w.-]+)(?P<path>/[\w./-]+)?@(?P<reference>[\w./-]+)['\"]?"
    r"(?P<comment>\s*#\s*(?P<tag>\S+))?"
)


def actions(root: Path) -> list[Statement]:
    """Every use of somebody else's action or workflow."""
    return [found for found in statements(root, CI, USES) if not found.comment]


def by_tag(root: Path) -> Iterator[Fault]:
    """A tag of an action can be moved by whoever owns it; a commit cannot."""
    found = [one for one in actions(root) if not is_commit(one.match["reference"])]
    if found:
        yield Fault(
            "actions",
            "An action is not pinned to a commit.",
            tuple((one.place, f"{one.line.strip()}   <- can be moved") for one in found),
            "Write the commit, and the tag as a comment: `@<40 characters> # v1.2.3`; "
            "`uv run noxfile.py -s pins -- --refresh` does so.",
        )
    machines = list(statements(root, CI, r"^\s*runs-on:\s*(\S+-latest)\b"))
    if machines:
        yield Fault(
            "actions",
            "CI runs on whatever machine is newest.",
            tuple((one.place, f"{one.match[1]}   <- moves") for one in machines),
            "Name the release, such as ubuntu-24.04.",
            warning=True,
        )


def is_commit(reference: str) -> bool:
    return len(reference) == 40 and set(reference) <= set("0123456789abcdef")
