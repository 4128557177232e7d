"""Tell an address of the template that everybody can use from one that means something on one machine only."""

import re
from collections.abc import Iterator

from lockstep_tool.files.tree import ANSWERS, Statement, Tree

__all__ = ["find_address", "is_only_here"]


def is_only_here(address: str) -> bool:
    """Whether it is a directory of a machine's own: a path, or a `file:` address."""
    return bool(address) and not re.match(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]*:|[^/\s]+@[^/\s]+", address)


def find_address(tree: Tree) -> Iterator[Statement]:
    """The line of the answers that states it."""
    return tree.statements(r"^_src_path:\s*['\"]?([^'\"]+?)['\"]?\s*$", ANSWERS)
