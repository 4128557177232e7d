"""Check style and format; with `--fix` repair them.

Other words are handed to `ruff check`.
"""

from collections.abc import Sequence
from pathlib import Path

from lockstep_tool.sessions import make_checks, run_program


def run(words: Sequence[str], root: Path) -> int:
    ruff = make_checks(root).with_name("ruff")
    style = run_program([ruff, "check", *words], root)
    return run_program([ruff, "format", *([] if "--fix" in words else ["--check"])], root) if style == 0 else style
