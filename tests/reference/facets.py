"""The facets, as the environment tool itself explains them."""

import ast
from pathlib import Path

from .markdown import opening, table

__all__ = ["facets", "page"]

FINDING = "template/src/lockstep/finding.py"


def page(root: Path) -> str:
    """What is compared between places, and when a difference is allowed."""
    rows = [(f"`{name}`", text) for name, text in facets(root).items()]
    return "\n".join(
        [
            opening("Facets", f"`FACETS` in `{FINDING}`"),
            "A facet is one thing that is compared between places.",
            "In a service, `uv run noxfile.py -s explain -- bytes` says one of these lines in the terminal.\n",
            table(("facet", "what it asks, and when a difference is allowed"), rows),
        ]
    )


def facets(root: Path) -> dict[str, str]:
    """Name → text, read from the source without importing it."""
    for node in ast.parse((root / FINDING).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "FACETS" and node.value is not None:
            found: dict[str, str] = ast.literal_eval(node.value)
            return found
    raise ValueError(f"{FINDING} has no FACETS")
