"""The facets, as the environment tool itself explains them."""

import ast
from collections.abc import Mapping
from pathlib import Path

from .markdown import opening, table

__all__ = ["facets", "page"]

ROOMS = "template/src/lockstep/places/facet*.py"
FIELDS = ("asks", "why", "allowed", "fix", "gate", "weight")
OMITTED = {"gate": "parity", "weight": "error"}


def page(root: Path) -> str:
    """What is judged, why, when a difference is allowed, and what removes one."""
    found = facets(root)
    parts = [
        opening("Facets", f"the rooms `{ROOMS}`"),
        "A facet is one thing that is judged: in the files of the repository, in a built image, or in each place.",
        "In a service, `uv run noxfile.py -s explain -- bytes` says one of them in the terminal.",
        "A *warning* is named and turns no verdict.",
    ]
    for gate in dict.fromkeys(said["gate"] for said in found.values()):
        rows = [
            (f"`{name}`" + (" (warning)" if said["weight"] == "warning" else ""), *(said[field] for field in FIELDS[:4]))
            for name, said in found.items()
            if said["gate"] == gate
        ]
        if rows:
            parts += [f"\n## Judged by `{gate}`\n", table(("facet", "what", "why", "allowed", "fix"), rows)]
    return "\n".join(parts)


def facets(root: Path) -> dict[str, Mapping[str, str]]:
    """Name → its fields, read from the sources without importing them."""
    found = {}
    for path in sorted(root.glob(ROOMS)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(value, ast.Call) and ast.unparse(value.func) == "Facet" and key is not None:
                        found[str(ast.literal_eval(key))] = fields(value)
    if not found:
        raise ValueError(f"{ROOMS} has no facet")
    return found


def fields(call: ast.Call) -> Mapping[str, str]:
    """What one `Facet(…)` says."""
    said = dict(zip(FIELDS, map(ast.literal_eval, call.args), strict=False))
    return OMITTED | said | {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
