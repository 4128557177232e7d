"""Find the actions that workflows take from elsewhere."""

from lockstep_tool.files.tree import CI, Statement, Tree

__all__ = ["actions", "is_commit"]

# `owner/repository/path@reference # tag`
USES = (
    r"uses:\s*['\"]?(?P<repository>[\w-][\w.-]*/[\w.-]+)(?P<path>/[\w./-]+)?@(?P<reference>[\w./-]+)['\"]?"
    r"(?P<comment>\s*#\s*(?P<tag>\S+))?"
)


def actions(tree: Tree) -> list[Statement]:
    """Every use of somebody else's action or workflow."""
    return [found for found in tree.statements(USES, *CI) if not found.comment]


def is_commit(reference: str) -> bool:
    """Whether a reference cannot be moved."""
    return len(reference) == 40 and set(reference) <= set("0123456789abcdef")
