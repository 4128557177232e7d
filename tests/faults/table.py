"""The page: each fault, what names it, and what the tools of today say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reference.markdown import table

from .fault import Fault
from .today import NOT_THERE, TOOLS

__all__ = ["PAGE", "Outcome", "page"]

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "faults.md"
SIGNS = {"caught": "caught", "passed": "passed", NOT_THERE: "-"}


@dataclass(frozen=True)
class Outcome:
    """`failure` is why the fault does not count as caught; `said` is what the gate said of it."""

    fault: Fault
    said: str
    today: dict[str, str]
    failure: str = ""
    unseen: bool = False


def page(outcomes: Sequence[Outcome]) -> str:
    """Counts, then a table for each place."""
    looked = [outcome for outcome in outcomes if not outcome.unseen]
    caught = [outcome for outcome in looked if not outcome.failure]
    parts = [
        "# Faults\n\n<!-- Written by `uv run noxfile.py -s faults -- --write`, from a run. -->\n",
        "Each fault is planted alone in a good service.",
        "It counts as caught when its gate fails with the name of its facet, and nothing else is blamed.",
        "What was planted is taken away again before the next one, and that is checked.",
        "Where a fault is a warning, its gate names it and stays green.\n",
        f"Lockstep: {len(caught)} of {len(looked)} caught.",
        *(f"`{tool}`: {counted(looked, tool)}." for tool in TOOLS),
        "A dash is what a tool cannot look at: there is no uv inside the image.",
        "`uv sync --reinstall` is a lock file's own check: it installs everything again and holds each file to its hash.",
        "It repairs a damaged environment where it runs, and does not say that it was damaged.",
    ]
    for title, place in (("files", ""), ("this machine", "laptop"), ("another place", "elsewhere"), ("the image", "image")):
        rows = [row(outcome) for outcome in looked if outcome.fault.place == place]
        if rows:
            parts += [f"\n## In {title}\n", table(("fault", "named by", "in these words", *(f"`{t}`" for t in TOOLS)), rows)]
    if unseen := [outcome for outcome in outcomes if outcome.unseen]:
        names = "; ".join(f"{outcome.fault.name} ({outcome.failure})" for outcome in unseen)
        parts.append(f"\n## Not looked at\n\n{names}.")
    return "\n".join(parts).rstrip() + "\n"


def counted(outcomes: Sequence[Outcome], tool: str) -> str:
    said = [outcome.today[tool] for outcome in outcomes if outcome.today]
    return f"{said.count('caught')} of {len(said) - said.count(NOT_THERE)} caught"


def row(outcome: Outcome) -> tuple[str, ...]:
    fault = outcome.fault
    facet = f": `{fault.facet}`" if fault.facet else ", which cannot read it"
    named = "**not caught**" if outcome.failure else f"`{fault.gate}`{facet}" + (" (warning)" if fault.warns else "")
    words = outcome.said if len(outcome.said) <= 160 else outcome.said[:157] + "…"
    return fault.name, named, words, *(SIGNS[outcome.today[tool]] for tool in TOOLS)
