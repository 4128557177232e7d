"""The sessions of both menus, read from the noxfiles without running them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .markdown import opening, table

__all__ = ["Session", "page", "read_sessions"]

MENUS = (
    (
        "In a service",
        "template/noxfile.py",
        "`uv run noxfile.py` runs those marked *by default*, in this order; `-s NAME` runs one.",
    ),
    ("In the template", "noxfile.py", "The template's own menu, for those who change the template."),
)


@dataclass(frozen=True)
class Session:
    """One entry of the menu; `default` ones run when none is chosen."""

    name: str
    does: str
    default: bool


def page(root: Path) -> str:
    """Both menus as tables."""
    parts = [opening("Sessions", "the docstrings of `template/noxfile.py` and `noxfile.py`")]
    for title, file, text in MENUS:
        rows = [(f"`{s.name}`", s.does, "by default" if s.default else "on request") for s in read_sessions(root / file)]
        parts.append(f"## {title}\n\n{text}\n\n{table(('session', 'what it does', 'runs'), rows)}")
    parts.append(
        "What stands after `--` is passed on to the session.\n`uv run noxfile.py -l` shows the same menu in the terminal.\n"
    )
    return "\n".join(parts)


def read_sessions(noxfile: Path) -> Iterator[Session]:
    """Every session, in the order of the file; raises ValueError for one that does not say what it does."""
    for node in ast.parse(noxfile.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        decorators = [d for d in node.decorator_list if "nox.session" in ast.unparse(d)]
        if not decorators:
            continue
        said = ast.get_docstring(node)
        if said is None:
            raise ValueError(f"{noxfile}: the session {node.name} has no docstring")
        yield Session(node.name, said.splitlines()[0], "default=False" not in ast.unparse(decorators[0]))
