"""A release is made of a clean tree with notes, and of nothing that fails; it is made in a clone of the working tree."""

from collections.abc import Callable
from pathlib import Path

import pytest

from history import append, replace
from notes import FOLDER
from release import PLACE, Refused, release
from snapshot import git, snapshot

GOOD = (("true",),)


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """The working tree as v0.0.9, with a note more."""
    root = snapshot(tmp_path / "workshop", "v0.0.9").path
    (root / FOLDER / "update-says-less.removed.md").write_text("`copier update` no longer brings `old.py`.\n")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Remove what is old")
    return root


def state(root: Path) -> str:
    """What a refusal must leave as it was."""
    return git(root, "rev-parse", "HEAD") + git(root, "tag") + git(root, "status", "--porcelain", "--ignored")


def test_a_release_gathers_the_notes_states_the_version_and_tags(workshop: Path) -> None:
    waiting = [path.name for path in (workshop / FOLDER).glob("*.*.md")]
    said = release(workshop, "v0.1.0", GOOD)

    assert f"{len(waiting)} notes" in said
    assert "git push --atomic origin main v0.1.0" in said
    assert sorted(path.name for path in (workshop / FOLDER).iterdir()) == ["README.md", "v0.1.0.md"]
    notes = (workshop / FOLDER / "v0.1.0.md").read_text()
    assert notes.startswith("# v0.1.0\n\n## Removed\n\n`copier update` no longer brings `old.py`.\n")
    assert "## New\n" in notes
    assert (workshop / PLACE).read_text().count('__version__ = "0.1.0"\n') == 1
    assert git(workshop, "cat-file", "-t", "v0.1.0").strip() == "tag"
    assert git(workshop, "tag", "--list", "--format=%(contents)", "v0.1.0").strip() == notes.strip()
    assert git(workshop, "log", "-1", "--format=%s").strip() == "Release v0.1.0"
    assert not git(workshop, "status", "--porcelain")


def test_the_next_release_has_only_what_came_after(workshop: Path) -> None:
    release(workshop, "v0.1.0", GOOD)
    (workshop / FOLDER / "one-thing.new.md").write_text("`prove` now says one thing more.\n")
    git(workshop, "add", "--all")
    git(workshop, "commit", "--quiet", "--message", "Say one thing more")
    release(workshop, "v0.2.0", GOOD)

    assert (workshop / FOLDER / "v0.2.0.md").read_text() == "# v0.2.0\n\n## New\n\n`prove` now says one thing more.\n"
    assert (workshop / FOLDER / "v0.1.0.md").exists()


def committed(plant: Callable[[Path], object]) -> Callable[[Path], None]:
    def planted(root: Path) -> None:
        plant(root)
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", "Plant it")

    return planted


def without_notes(root: Path) -> None:
    for path in (root / FOLDER).glob("*.*.md"):
        path.unlink()


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a changed file": (lambda root: append(root / "README.md", "More.\n"), " M README.md"),
    "a file that git does not know": (lambda root: (root / "new.txt").touch(), "?? new.txt"),
    "no notes": (committed(without_notes), "has no note"),
    "an empty note": (committed(lambda root: (root / FOLDER / "a.new.md").write_text("\n")), "docs/changes/a.new.md   is empty"),
    "a note of no kind": (committed(lambda root: (root / FOLDER / "a.md").write_text("A.\n")), "is not called WORDS.KIND.md"),
    "two places": (committed(lambda root: append(root / PLACE, '__version__ = "1"\n')), "has 2 lines like"),
    "a place without a version": (
        committed(lambda root: replace(root / PLACE, "__version__ =", "_version =")),
        " has 0 lines like",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_by_name_and_nothing_changes(fault: str, workshop: Path) -> None:
    plant, said = FAULTS[fault]
    plant(workshop)
    before = state(workshop)
    with pytest.raises(Refused) as refused:
        release(workshop, "v0.1.0", GOOD)

    assert said in str(refused.value)
    assert state(workshop) == before


@pytest.mark.parametrize("version", ["", "1.0.0", "v1.0", "v01.0.0", "v0.0.9", "v0.0.8"])
def test_what_is_no_later_version_is_refused(version: str, workshop: Path) -> None:
    before = state(workshop)
    with pytest.raises(Refused, match=r"no version|does not come after"):
        release(workshop, version, GOOD)

    assert state(workshop) == before


def test_a_check_that_fails_is_named_and_there_is_no_tag(workshop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = state(workshop)
    with pytest.raises(Refused, match="false   ended with 1"):
        release(workshop, "v0.1.0", (("true",), ("false",), ("touch", "never")))

    assert state(workshop) == before
    assert capfd.readouterr().out == "checking: true\nchecking: false\n"


def test_a_check_that_changes_a_file_is_no_check(workshop: Path) -> None:
    with pytest.raises(Refused, match="A check has changed the working tree"):
        release(workshop, "v0.1.0", (("touch", "made.txt"),))

    assert git(workshop, "tag").split() == ["v0.0.9"]


def test_what_git_refuses_is_taken_back(workshop: Path) -> None:
    hook = workshop / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    before = state(workshop)
    with pytest.raises(Refused, match="git refuses"):
        release(workshop, "v0.1.0", GOOD)

    assert state(workshop) == before
