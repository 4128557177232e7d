"""The page of what holds the README: each claim stands there, and what holds it exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "explanation" / "what-holds-the-readme.md").read_text(encoding="utf-8")
CLAIMS = dict(re.findall(r"^\| (.+) \| (.+) \|$", PAGE.partition("|---|---|")[2], re.MULTILINE))
# Of which the page says why nothing holds it.
ADVICE = ("- With pyenv,",)


@cache
def functions_of(file: str) -> set[str]:
    """Names of the functions of a module, also of those in classes."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def exists(holder: str) -> bool:
    """Whether there is this test (`file::name`) or this session."""
    if session := re.fullmatch(r"session `(\w+)`", holder):
        return session[1] in functions_of("noxfile.py")
    file, _, test = holder.strip("`").partition("::")
    return Path(file).name.startswith("test_") and test.startswith("test_") and test in functions_of(file)


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_stands_in_the_readme_and_what_holds_it_exists(claim: str) -> None:
    assert claim in README
    assert [holder for holder in CLAIMS[claim].split("<br>") if not exists(holder)] == []


def test_every_point_of_the_readme_has_a_claim() -> None:
    points = [line for line in README.partition("## Read on")[0].splitlines() if line.startswith("- ")]

    assert points
    assert [line for line in points if not line.startswith(ADVICE) and not any(claim in line for claim in CLAIMS)] == []
