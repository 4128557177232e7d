"""Every file of a service has one owner, by the table in copier.yml, and Lockstep's files say that they are."""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from owners import Owners, read_owners
from snapshot import Template, git

HEADER = re.compile(r"^(?:#|//|<!--) Lockstep's: \S.*\. Change it by `-s update`, not by hand[.;]")
# Their format has no comments, or a tool writes them.
WITHOUT_HEADER = {".python-version", "noxfile.py.lock", ".lockstep/uv.lock"}
# An owner's comment opens a block: after a blank line, a table's name or the start of a list, or between requirements.
APART = re.compile(r"(?:\A|\n\n|\]\n|\[\n|,\n) *# (?:Lockstep's|Yours)\b")


def table_of(template: Template, service: Path) -> Owners:
    """Whose each path is, as copier.yml says it for this service."""
    package = yaml.safe_load((service / ".copier-answers.yml").read_text())["project_name"].replace("-", "_")
    return read_owners(template.path, package)


def files(service: Path) -> list[str]:
    """What git tracks there, wheels aside: they have no lines."""
    return [name for name in git(service, "ls-files").splitlines() if not name.endswith(".whl")]


def first_lines(path: Path) -> list[str]:
    """Where a header may stand: first, or below the line that names an interpreter."""
    return path.read_text(encoding="utf-8").splitlines()[:2]


def test_every_directory_in_the_table_is_there(every_service: Mapping[str, Path], template: Template) -> None:
    there: set[str] = set()
    stated: set[str] = set()
    for service in every_service.values():
        package = next((service / "src").iterdir()).name
        names = [*table_of(template, service).team, *table_of(template, service).shared]
        stated |= {name.replace(package, "PACKAGE") for name in names}
        there |= {name.replace(package, "PACKAGE") for name in names if (service / name).exists()}

    assert stated
    assert there == stated


def test_lockstep_files_say_so_in_one_line(every_service: Mapping[str, Path], template: Template) -> None:
    for service in every_service.values():
        table = table_of(template, service)
        theirs = [path for path in files(service) if table.of(path) == "lockstep" and path not in WITHOUT_HEADER]

        assert not [path for path in theirs if not any(HEADER.search(line) for line in first_lines(service / path))]


def test_files_of_the_team_do_not_say_that_they_are_locksteps(every_service: Mapping[str, Path], template: Template) -> None:
    for service in every_service.values():
        table = table_of(template, service)
        teams = [path for path in files(service) if table.of(path) == "team"]

        assert teams
        assert not [path for path in teams if any(HEADER.search(line) for line in first_lines(service / path))]


def test_owners_comments_in_shared_files_stand_apart(every_service: Mapping[str, Path]) -> None:
    """A merge keeps two edits apart only where an unchanging line lies between them."""
    for service in every_service.values():
        text = (service / "pyproject.toml").read_text(encoding="utf-8")

        assert len(APART.findall(text)) == len(re.findall(r"# (?:Lockstep's|Yours)\b", text)) >= 8
        assert text.rstrip().endswith("# Yours: everything below this line.")
        for name in (".gitignore", ".gitattributes", ".editorconfig", "AGENTS.md"):
            assert re.search(r"(?:#|<!--) Yours: everything below this line\.(?: -->)?\n\Z", (service / name).read_text())
