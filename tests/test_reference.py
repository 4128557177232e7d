"""The reference says what there is, and fails by the page's name when it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reference.facets import facets
from reference.questions import asked
from reference.sessions import sessions
from snapshot import snapshot

ROOT = Path(__file__).parents[1]


def reference(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m reference` of a tree."""
    return subprocess.run(
        [sys.executable, "-m", "reference", *words],
        env={**os.environ, "PYTHONPATH": str(root / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_reference_says_what_there_is() -> None:
    done = reference(ROOT)

    assert done.returncode == 0, done.stderr


# A change of the product → the page that then says something else.
CHANGES = {
    "a question's words": ("copier.yml", "Where does its CI run?", "Where is it checked?", "questions.md"),
    "a rule's words": ("questions/rules.jinja", "A description is one line.", "A description is short.", "questions.md"),
    "a session's docstring": ("template/noxfile.py", '"""Check types."""', '"""Check all types."""', "sessions.md"),
    "a session on request": ("noxfile.py", "@nox.session\ndef docs", "@nox.session(default=False)\ndef docs", "sessions.md"),
    "a room of the team's": ("copier.yml", "    /packages\n", "    /packages\n    /Dockerfile\n", "ownership.md"),
    "a default of the server": (
        "template/src/{% if server == 'uvicorn' %}{{ package_name }}{% endif %}/server.toml",
        "1000",
        "900",
        "server.md",
    ),
    "a facet's words": (
        "template/src/lockstep/places/facets.py",
        "Two patches are two interpreters",
        "Patches differ",
        "checks.md",
    ),
    "a command's words": ("template/src/lockstep/__main__.py", "say what a facet is", "explain a facet", "commands.md"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_reference_names_the_page_that_a_change_makes_wrong(change: str, tmp_path: Path) -> None:
    name, old, new, page = CHANGES[change]
    changed = snapshot(tmp_path / "lockstep", "v0.1.0").path / name
    text = changed.read_text(encoding="utf-8")
    assert old in text, f"{name} has no {old!r}"
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")

    done = reference(tmp_path / "lockstep", page)

    assert done.returncode == 1
    assert f"docs/reference/{page}" in done.stderr
    assert "uv run noxfile.py -s docs -- --write" in done.stderr


def test_writing_the_reference_repairs_it(tmp_path: Path) -> None:
    root = snapshot(tmp_path / "lockstep", "v0.1.0").path
    (root / "docs" / "reference" / "checks.md").unlink()
    broken = reference(root, "checks.md")
    written = reference(root, "checks.md", "--write")

    assert (broken.returncode, written.returncode) == (1, 0)
    assert (root / "docs" / "reference" / "checks.md").read_text() == (ROOT / "docs" / "reference" / "checks.md").read_text()


def test_the_reference_names_everything_there_is() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "reference").glob("*.md"))
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    menus = [*sessions(ROOT / "noxfile.py"), *sessions(ROOT / "template" / "noxfile.py")]
    answers = [path.stem for path in (ROOT / "tests" / "answers").glob("*.yml")]
    names = [*asked(settings), *(session.name for session in menus), *facets(ROOT), *answers]

    assert [name for name in names if f"`{name}`" not in pages and f"## {name}" not in pages] == []
