"""The checks, as the tool itself explains them."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .markdown import opening, table

if TYPE_CHECKING:
    from lockstep_tool.checks.check import Check

__all__ = ["page", "read_checks"]

SOURCES = ("lockstep/serve/src", "lockstep/tool/src")


def page(root: Path) -> str:
    """What is checked, why, when a difference is allowed, and what removes one."""
    found = read_checks(root)
    parts = [
        opening("Checks", "the modules in `lockstep/tool/src/lockstep_tool/checks/`"),
        "A check is one thing that is compared or judged, in the files of the repository, in an image or in an environment.",
        "In a service, `uv run noxfile.py -s explain -- bytes` says one of them in the terminal.",
        "A *warning* is named and turns no verdict.",
    ]
    for session in dict.fromkeys(check.session for check in found.values()):
        rows = [(title(check), *words(check)) for check in found.values() if check.session == session]
        parts += [f"\n## Checks of `{session}`\n", table(("check", "what", "why", "allowed", "fix"), rows)]
    return "\n".join(parts)


def title(check: "Check") -> str:
    """Its name, and what is special about it."""
    notes = [note for note, holds in (("warning", check.severity == "warning"), ("needs a network", check.network)) if holds]
    return f"`{check.name}`" + (f" ({', '.join(notes)})" if notes else "")


def words(check: "Check") -> tuple[str, str, str, str]:
    return check.asks, check.why, check.allowed, check.fix


def read_checks(root: Path) -> Mapping[str, "Check"]:
    """Every check of the tool by its name, from the tool's sources below `root` unless it is imported already."""
    sys.path[:0] = [str(root / source) for source in SOURCES]
    try:
        from lockstep_tool.checks.registry import every_check

        return every_check()
    finally:
        del sys.path[: len(SOURCES)]
