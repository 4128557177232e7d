"""The page: each fault, what names it, and what the tools of today say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reference.markdown import table

from .container import CONTAINER
from .contract import CONTRACT
from .fault import Fault
from .online import ONLINE
from .scene import ELSEWHERE
from .server import SERVER
from .today import NOT_THERE, TOOLS
from .verdict import HERE

__all__ = ["PAGE", "Outcome", "page"]

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "faults.md"
SECTIONS = {
    "In files": ("",),
    "In this machine": HERE,
    "In what the service does": (SERVER,),
    "In another environment": (ELSEWHERE,),
    "In a running container": (CONTAINER,),
    "In the image": ("image", CONTRACT),
    "What is not caught without a network, and what catches it": (ONLINE,),
}
NOT_OFFLINE = """\
`lock` compares a lock with its earlier commits, and `parity` compares its needs with what installed packages say themselves.
A clone of one commit has no earlier ones, and without a network `lock` passes each of these there.
`lock -- --registry` and `audit` ask, and are no part of the one command.
"""
NOT_CAUGHT = """\
## What is not caught

- A need that is slipped into the lock for developers only, where git has no past: `parity` looks into the production set.
  `lock -- --registry` catches it.
- The same for production, seen from macOS or Windows only: there a wheel may need other things by right.
  CI and the image, which are Linux, catch it.
- A release that is bad from the start, by the hand of its own project: everything about it is honest.
  `cooldown` keeps it away while it is young, and `audit` names it once somebody knows.
- An answer that differs in a request that nobody named: `behaviour` sends the `requests` of `pyproject.toml`.
- An environment whose kernel or interpreter lies to whoever looks: the probe runs by the environment's own Python.
  The image's layers are looked at from outside."""
SIGNS = {"caught": "caught", "passed": "passed", NOT_THERE: "-"}


@dataclass(frozen=True)
class Outcome:
    """`failure` is why the fault does not count as caught; `said` is what the session said of it."""

    fault: Fault
    said: str
    today: dict[str, str]
    failure: str = ""
    unseen: bool = False


def page(outcomes: Sequence[Outcome]) -> str:
    """Counts, then a table for each environment."""
    looked = [outcome for outcome in outcomes if not outcome.unseen]
    caught = [outcome for outcome in looked if not outcome.failure]
    parts = [
        "# Faults\n\n<!-- Written by `uv run noxfile.py -s faults -- --write`, from a run. -->\n",
        "Each fault is planted alone in a good service.",
        "It counts as caught when its session fails with the name of its check, and nothing else is blamed.",
        "What was planted is taken away again before the next one, and that is checked.",
        "Where a fault is a warning, its session names it and stays green.\n",
        f"Lockstep: {len(caught)} of {len(looked)} caught.",
        *(f"`{tool}`: {counted(looked, tool)}." for tool in TOOLS),
        "A dash is what a tool cannot look at: there is no uv inside the image.",
        "`uv sync --reinstall` is a lock file's own check: it installs everything again and compares each file with its hash.",
        "It repairs a damaged environment where it runs, and does not say that it was damaged.",
        "`lockstep-evidence` is another project, in version 0.4.1; it counts where its `check` or its `verify` fails.",
        "`check` compares installed versions with `uv.lock`, `verify` compares installed files with their own RECORD.",
        "Both look into the production set, the image and the container, and need no settings; they read no other files.",
    ]
    for title, environments in SECTIONS.items():
        rows = [row(outcome) for outcome in looked if outcome.fault.environment in environments]
        if rows:
            said = [NOT_OFFLINE] if ONLINE in environments else []
            heads = ("fault", "named by", "in these words", *(f"`{t}`" for t in TOOLS))
            parts += [f"\n## {title}\n", *said, table(heads, rows)]
    parts.append(f"\n{NOT_CAUGHT}")
    if unseen := [outcome for outcome in outcomes if outcome.unseen]:
        names = "; ".join(f"{outcome.fault.name} ({outcome.failure})" for outcome in unseen)
        parts.append(f"\n## Not looked at\n\n{names}.")
    return "\n".join(parts).rstrip() + "\n"


def counted(outcomes: Sequence[Outcome], tool: str) -> str:
    said = [outcome.today[tool] for outcome in outcomes if outcome.today]
    return f"{said.count('caught')} of {len(said) - said.count(NOT_THERE)} caught"


def row(outcome: Outcome) -> tuple[str, ...]:
    fault = outcome.fault
    check = f": `{fault.check}`" if fault.check else ", which cannot read it"
    named = "**not caught**" if outcome.failure else f"`{fault.session}`{check}" + (" (warning)" if fault.warns else "")
    words = outcome.said if len(outcome.said) <= 160 else outcome.said[:157] + "…"
    return fault.name, named, words, *(SIGNS[outcome.today[tool]] for tool in TOOLS)
