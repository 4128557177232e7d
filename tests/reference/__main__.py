"""Compare the reference pages with what there is; `--write` rewrites them.

python -m reference [PAGE …] [--write]
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import unified_diff
from functools import partial
from pathlib import Path

from . import checks, commands, ownership, places, questions, server, sessions

ROOT = Path(__file__).parents[2]
PAGES = Path("docs", "reference")

MAKERS: Mapping[str, Callable[[Path], str]] = {
    "questions.md": questions.page,
    "sessions.md": sessions.page,
    "server.md": server.page,
    "checks.md": checks.page,
    "commands.md": commands.page,
    "what-you-may-write.md": places.page,
}

FROM_A_RUN = {"faults.md"}  # the session of that name writes it


def main(words: Sequence[str], root: Path = ROOT, services: Mapping[str, Path] | None = None) -> int:
    """0 when every page says what there is; 1 with the lines that differ otherwise.

    `services` are those that were rendered already, by the name of their answers.
    """
    makers: Mapping[str, Callable[[Path], str]] = {**MAKERS, "ownership.md": partial(ownership.page, services=services)}
    chosen = [name for name in makers if name in words] or list(makers)
    made = {name: makers[name](root) for name in chosen}
    if "--write" in words:
        (root / PAGES).mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (root / PAGES / name).write_text(text, encoding="utf-8")
    wrong = [row for name, text in made.items() for row in differing(root / PAGES / name, text)]
    known = {*makers, *FROM_A_RUN}
    wrong += [f"{PAGES / path.name}   is made by nothing" for path in (root / PAGES).glob("*.md") if path.name not in known]
    if not wrong:
        print(f"{len(made)} reference pages say what there is: {', '.join(made)}")
        return 0
    where = "\n".join(f"  {row}" for row in wrong)
    fix = "Run `uv run noxfile.py -s docs -- --write`, then read the difference."
    print(f"The reference does not say what there is.\n\n{where}\n\n{fix}", file=sys.stderr)
    return 1


def differing(path: Path, wanted: str) -> list[str]:
    """The first lines in which a page differs from what it should say, each with the page's name."""
    name = f"{PAGES / path.name}"
    if not path.is_file():
        return [f"{name}   is not there"]
    said = path.read_text(encoding="utf-8")
    lines = list(unified_diff(said.splitlines(), wanted.splitlines(), n=0, lineterm=""))[3:]
    return [f"{name}   {line}" for line in lines[:6]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
