"""Compare the reference pages with what there is; `--write` rewrites them.

python -m reference [PAGE …] [--write]
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import unified_diff
from functools import partial
from pathlib import Path

from . import checks, commands, findings, ownership, places, questions, server, sessions

ROOT = Path(__file__).parents[2]
PAGES = Path("docs", "reference")

MAKERS: Mapping[Path, Callable[[Path], str]] = {
    PAGES / "questions.md": questions.page,
    PAGES / "sessions.md": sessions.page,
    PAGES / "server.md": server.page,
    PAGES / "checks.md": checks.page,
    PAGES / "commands.md": commands.page,
    PAGES / "what-you-may-write.md": places.page,
    Path("findings", "README.md"): findings.page,
}

FROM_A_RUN = {PAGES / "faults.md"}  # the session of that name writes it


def main(words: Sequence[str], root: Path = ROOT, services: Mapping[str, Path] | None = None) -> int:
    """0 when every page says what there is; 1 with the lines that differ otherwise.

    `services` are those that were rendered already, by the name of their answers.
    """
    makers: Mapping[Path, Callable[[Path], str]] = {**MAKERS, PAGES / "ownership.md": partial(ownership.page, services=services)}
    chosen = [page for page in makers if page.name in words] or list(makers)
    made = {page: makers[page](root) for page in chosen}
    if "--write" in words:
        for page, text in made.items():
            (root / page).parent.mkdir(parents=True, exist_ok=True)
            (root / page).write_text(text, encoding="utf-8")
    wrong = [row for page, text in made.items() for row in differing(root, page, text)]
    there = {path.relative_to(root) for path in (root / PAGES).glob("*.md")}
    wrong += [f"{page}   is made by nothing" for page in sorted(there - {*makers, *FROM_A_RUN})]
    if not wrong:
        print(f"{len(made)} reference pages say what there is: {', '.join(page.name for page in made)}")
        return 0
    where = "\n".join(f"  {row}" for row in wrong)
    fix = "Run `uv run noxfile.py -s docs -- --write`, then read the difference."
    print(f"The reference does not say what there is.\n\n{where}\n\n{fix}", file=sys.stderr)
    return 1


def differing(root: Path, page: Path, wanted: str) -> list[str]:
    """The first lines in which a page differs from what it should say, each with the page's path."""
    if not (root / page).is_file():
        return [f"{page}   is not there"]
    said = (root / page).read_text(encoding="utf-8")
    lines = list(unified_diff(said.splitlines(), wanted.splitlines(), n=0, lineterm=""))[3:]
    return [f"{page}   {line}" for line in lines[:6]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
