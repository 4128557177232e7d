"""Find the commands by which the image, the deploy files and the Procfile start the service."""

import re
from collections.abc import Iterator

from lockstep_tool.files.tree import Statement, Tree

__all__ = ["start_commands"]

COMMANDS = (
    (r"^(?:CMD|ENTRYPOINT)\s+(.*)$", "Dockerfile"),
    (r"^web:\s*(.*)$", "Procfile"),
    (r"^ExecStart=(.*)$", "deploy/systemd/*.service"),
    (r"^\s+(?:command|entrypoint):(?!\s*\[nginx\])\s*(.*)$", "deploy/compose.yaml"),
    (r"^\s+(?:command|args):\s*(.*)$", "deploy/kubernetes/*.yaml"),
)


def start_commands(tree: Tree) -> Iterator[tuple[Statement, str]]:
    """Each statement that starts something, and what it starts, as words with one space between."""
    for expression, pattern in COMMANDS:
        for found in tree.statements(expression, pattern):
            command = found.match[1] or " ".join(items_below(tree, found))
            yield found, " ".join(re.sub(r"[\[\]\"',]", " ", command).split())


def items_below(tree: Tree, found: Statement) -> Iterator[str]:
    """The items of a YAML list that stands below its name."""
    for line in tree.lines(found.file)[found.number :]:
        item = re.match(r"\s*-\s+(.*)$", line)
        if item is None:
            return
        yield item[1]
