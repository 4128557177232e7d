"""Every file of a service has one owner, by the table in copier.yml, and Lockstep's files say that they are."""

import re
from pathlib import Path

import pytest
import yaml

from owners import Owners, read_owners
from snapshot import Template

HEADER = re.compile(r"^# Lockstep's: \S.*\. Change it by `copier update`, not by hand[.;]")
# Their format has no comments, or a tool writes them.
WITHOUT_HEADER = {".python-version", "noxfile.py.lock", "bench.py.lock", "updating/update.py.lock"}
# An owner's comment opens a block: after a blank line, a table's name or the start of a list, or between requirements.
MOAT = re.compile(r"(?:\A|\n\n|\]\n|\[\n|,\n) *# (?:Lockstep's|Yours)\b")


@pytest.fixture(scope="session")
def table(template: Template, rendered: Path) -> Owners:
    """Whose each path is, as copier.yml says it for this service."""
    package = yaml.safe_load((rendered / ".copier-answers.yml").read_text())["project_name"].replace("-", "_")
    return read_owners(template.path, package)


def files(service: Path) -> list[str]:
    return sorted(path.relative_to(service).as_posix() for path in service.rglob("*") if path.is_file())


def first_lines(path: Path) -> list[str]:
    """Where a header may stand: first, or below the line that names an interpreter."""
    return path.read_text(encoding="utf-8").splitlines()[:2]


def test_every_room_in_the_table_is_furnished(rendered: Path, table: Owners) -> None:
    asked = "prometheus" in (rendered / ".copier-answers.yml").read_text()

    missing = [room for room in [*table.team, *table.shared] if not (rendered / room).exists()]

    assert table.team
    assert table.shared
    assert not [room for room in missing if asked or not room.endswith("/metrics.py")]


def test_lockstep_files_say_so_in_one_line(rendered: Path, table: Owners) -> None:
    theirs = [path for path in files(rendered) if table.of(path) == "lockstep" and path not in WITHOUT_HEADER]

    assert not [path for path in theirs if not any(HEADER.search(line) for line in first_lines(rendered / path))]


def test_files_of_the_team_do_not_say_that_they_are_locksteps(rendered: Path, table: Owners) -> None:
    teams = [path for path in files(rendered) if table.of(path) == "team"]

    assert teams
    assert not [path for path in teams if any(HEADER.search(line) for line in first_lines(rendered / path))]


def test_owners_comments_in_shared_files_stand_apart(rendered: Path) -> None:
    """A merge keeps two edits apart only where an unchanging line lies between them."""
    text = (rendered / "pyproject.toml").read_text(encoding="utf-8")

    assert len(MOAT.findall(text)) == len(re.findall(r"# (?:Lockstep's|Yours)\b", text)) >= 8
    assert text.rstrip().endswith("# Yours: everything below this line.")
    assert (rendered / ".gitignore").read_text().rstrip().endswith("# Yours: everything below this line.")
