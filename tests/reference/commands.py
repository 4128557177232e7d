"""The commands of the environment tool, from its own argument parser."""

import argparse
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from .markdown import opening, table

__all__ = ["commands", "page"]


def page(root: Path) -> str:
    """Every command of `python -m lockstep`."""
    return "\n".join(
        [
            opening("Commands of the environment tool", "the parser in `template/src/lockstep/__main__.py`"),
            "The sessions call these, and `python -m lockstep_serve serve` starts the service everywhere.",
            "In an environment that has the service installed: `lockstep COMMAND`.",
            "`lock`, `relock`, `pins`, `image` and `parity` look at the checkout in the working directory.\n",
            table(("command", "what it does", "arguments"), commands(root)),
            "Exit codes: 0 the same, 1 different or wrong, 2 could not look.\n",
        ]
    )


def commands(root: Path) -> Iterator[tuple[str, str, str]]:
    """Command, what it does, its arguments with their meaning."""
    source = str(root / "template" / "src")
    sys.path.insert(0, source)
    try:
        parser: argparse.ArgumentParser = importlib.import_module("lockstep_tool.__main__").parser()
    finally:
        sys.path.remove(source)
    [menu] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for choice in menu._choices_actions:
        yield f"`{choice.dest}`", sentence(choice.help or ""), "; ".join(arguments(menu.choices[choice.dest]))


def sentence(words: str) -> str:
    """argparse's helps begin small and end open."""
    return f"{words[:1].upper()}{words[1:]}."


def arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Each argument as it is typed, and what it means."""
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        shown = " ".join(action.option_strings) or f"{action.dest.upper()}{' …' if action.nargs == '*' else ''}"
        yield f"`{shown}`: {action.help}" if action.help else f"`{shown}`"
