"""The reference says what there is, and fails by the page's name when it does not."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from reference.__main__ import main
from reference.checks import read_checks
from reference.commands import read_serve, read_tool
from reference.questions import list_questions
from reference.sessions import read_sessions
from snapshot import REPOSITORY

PARTS = ("copier.yml", "noxfile.py", "questions", "template", "locks/taken-names.txt", "docs/reference", "lockstep")


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """What the pages are made from, to be changed."""
    for part in PARTS:
        source, target = REPOSITORY / part, tmp_path / part
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(".venv", "__pycache__", ".*_cache", "tests", "*.whl"))
        else:
            shutil.copy(source, target)
    (tmp_path / "locks" / "requirements").symlink_to(REPOSITORY / "locks" / "requirements")
    return tmp_path


def test_the_reference_says_what_there_is(every_service: Mapping[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    code = main([], REPOSITORY, every_service)

    assert code == 0, capsys.readouterr().err


# A change of the product → the page that then says something else.
CHANGES = {
    "a question's words": ("copier.yml", "Where does its CI run?", "Where is it checked?", "questions.md"),
    "a rule's words": ("questions/rules.jinja", "A description is one line.", "A description is short.", "questions.md"),
    "a session's docstring": ("template/noxfile.py", '"""Check types."""', '"""Check all types."""', "sessions.md"),
    "a session on request": ("noxfile.py", "@nox.session\ndef units", "@nox.session(default=False)\ndef units", "sessions.md"),
    "a directory of the team's": ("copier.yml", "    /packages\n", "    /packages\n    /Dockerfile\n", "ownership.md"),
    "a default of the server": ("questions/servers/uvicorn.toml", "1000", "900", "server.md"),
    "a command's words": (
        "lockstep/tool/src/lockstep_tool/commands/lock.py",
        "ask the index as well",
        "ask the index, too",
        "commands.md",
    ),
    "what update takes": (
        "lockstep/tool/src/lockstep_tool/updating/update.py",
        "do not run the one command",
        "do not run it",
        "commands.md",
    ),
    "what serves": ("lockstep/serve/src/lockstep_serve/__main__.py", "exit 0 when", "exit with 0 when", "commands.md"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_reference_names_the_page_that_a_change_makes_wrong(
    change: str, changed: Path, every_service: Mapping[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    name, old, new, page = CHANGES[change]
    edit(changed / name, old, new)

    code = main([page], changed, every_service)
    said = capsys.readouterr().err

    assert code == 1
    assert f"docs/reference/{page}" in said
    assert "uv run noxfile.py -s docs -- --write" in said


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


PROGRAM = """
import sys
from pathlib import Path
from reference.__main__ import main
sys.exit(main(["checks.md"], Path(sys.argv[1])))
"""


def test_a_checks_words_are_read_from_its_tree(changed: Path) -> None:
    """In a process of its own, because the checks are imported."""
    edit(changed / "lockstep/tool/src/lockstep_tool/checks/parity/python.py", "asks=", "asks='Changed. ' + ")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(changed)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "docs/reference/checks.md" in done.stderr


def test_writing_a_page_repairs_it_and_one_that_nothing_makes_is_named(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = changed / "docs" / "reference" / "checks.md"
    was = page.read_text(encoding="utf-8")
    page.unlink()
    codes = [main(["checks.md"], changed), main(["checks.md", "--write"], changed)]
    page.with_name("facets.md").touch()
    codes.append(main(["checks.md"], changed))

    assert codes == [1, 0, 1]
    assert page.read_text(encoding="utf-8") == was
    assert "docs/reference/facets.md   is made by nothing" in capsys.readouterr().err


def test_the_reference_names_everything_there_is() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "docs" / "reference").glob("*.md"))
    settings = yaml.safe_load((REPOSITORY / "copier.yml").read_text(encoding="utf-8"))
    menus = [one.name for file in ("noxfile.py", "template/noxfile.py") for one in read_sessions(REPOSITORY / file)]
    commands = [command.name for command in (*read_tool(REPOSITORY), *read_serve(REPOSITORY))]
    answers = [path.stem for path in (REPOSITORY / "tests" / "answers").glob("*.yml")]
    names = [*list_questions(settings), *menus, *commands, *read_checks(REPOSITORY), *answers]

    assert [name for name in names if f"`{name}`" not in pages and f"## {name}" not in pages] == []
