"""Say what a facet is, why it matters, when a difference is allowed, and what removes one."""

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.of_environments import FACETS

__all__ = ["explain"]


def explain(name: str) -> str:
    """All of one facet, or a line for each when `name` is empty; raises Refusal for one that is not there."""
    if not name:
        return "\n".join(table())
    if name not in FACETS:
        raise Refusal(
            f"There is no facet named {name!r}.",
            [("facets", ", ".join(FACETS))],
            "Choose one of them, or none for all.",
        )
    facet = FACETS[name]
    weight = "names it, and stays green" if facet.weight == "warning" else "is not green with it"
    return "\n".join(
        [
            f"{name}: judged by `uv run noxfile.py -s {facet.gate}`, which {weight}",
            "",
            f"  what     {facet.asks}",
            f"  why      {facet.why}",
            f"  allowed  {facet.allowed}",
            f"  fix      {facet.fix}",
        ]
    )


def table() -> list[str]:
    """A line for each facet, below the session that judges it."""
    width = max(map(len, FACETS))
    lines: list[str] = []
    for gate in dict.fromkeys(facet.gate for facet in FACETS.values()):
        lines += ["", gate] if lines else [gate]
        lines += [f"  {name:<{width}}  {facet.asks}" for name, facet in FACETS.items() if facet.gate == gate]
    return lines
