"""The Python modules of a checkout, read without running them: what imports what, and which texts they hold."""

import ast
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

from adopting.checkout import Checkout, read_text

__all__ = ["Modules"]

DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


class Modules:
    """The modules below `root`, a folder of the checkout with a slash at its end, or empty for its top."""

    def __init__(self, here: Checkout, root: str) -> None:
        self.here, self.root = here, root
        self.files: dict[str, str] = {}
        for name in here.files:
            dotted = self.dotted(name)
            if dotted and name not in here.links:
                self.files.setdefault(dotted, name)

    def dotted(self, name: str) -> str:
        """`app/main.py` → `app.main`; empty for what cannot be imported from the root."""
        if not name.startswith(self.root) or not name.endswith(".py"):
            return ""
        parts = PurePosixPath(name.removeprefix(self.root)).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
        return ".".join(parts) if all(part.isidentifier() for part in parts) else ""

    @property
    def tops(self) -> set[str]:
        """The first names of what can be imported."""
        return {dotted.partition(".")[0] for dotted in self.files}

    def tree(self, name: str) -> ast.Module:
        """A file as a tree; an empty one where Python cannot read it."""
        return parse(self.here.path / name)

    def below(self, top: str) -> list[str]:
        """The files of a package or a module, but for its tests."""
        files = [file for dotted, file in self.files.items() if dotted.partition(".")[0] == top]
        return [file for file in files if not {"tests", "test"} & {*PurePosixPath(file).parts[1:]}]

    def used_by(self, file: str) -> set[str]:
        """The first names of what a file imports, or names as text (`shop.settings`, or an entry of a list)."""
        found = {name.partition(".")[0] for name in imported(self.tree(file))}
        settings = "settings" in file
        for text in texts(self.tree(file)):
            if DOTTED.fullmatch(text) and (("." in text and self.has(text)) or (settings and text in self.tops)):
                found.add(text.partition(".")[0])
        return found & self.tops

    def has(self, dotted: str) -> bool:
        """Whether it is a module, or something in one."""
        return dotted in self.files or dotted.rpartition(".")[0] in self.files

    def reach(self, starts: set[str]) -> set[str]:
        """The first names of everything that these need."""
        found, todo = set[str](), {start for start in starts if start in self.tops}
        while todo:
            top = todo.pop()
            found.add(top)
            todo |= {used for file in self.below(top) for used in self.used_by(file)} - found
        return found


@cache
def parse(path: Path) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in somebody's strings
            return ast.parse(read_text(path))
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


def imported(tree: ast.Module) -> Iterator[str]:
    """The modules that are imported absolutely, anywhere in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module


def texts(tree: ast.Module) -> Iterator[str]:
    """Every string that stands in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
