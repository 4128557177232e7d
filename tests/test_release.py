"""A release is made of a clean tree with notes, and of nothing that fails; it is made in a clone of the working tree."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from history import append, replace
from lockstep_serve.errors import Refusal
from notes import FOLDER
from release import BUILD, PROJECTS, WHEELS, release
from snapshot import git, snapshot

GOOD = (("true",),)
SERVE, TOOL = PROJECTS
BUILT = (SERVE, TOOL, WHEELS / "pyproject.toml", WHEELS / "uv.lock", Path("template", "uv.lock.jinja"))


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree as v0.0.9, with a note more."""
    root = snapshot(tmp_path_factory.mktemp("release") / "template", "v0.0.9").path
    (root / FOLDER / "update-says-less.removed.md").write_text("`update` no longer brings `old.py`.\n")
    commit(root, "Remove what is old")
    return root


@pytest.fixture
def root(committed: Path, tmp_path: Path) -> Path:
    """A copy, to be released."""
    shutil.copytree(committed, tmp_path / "template", symlinks=True)
    return tmp_path / "template"


def commit(root: Path, message: str) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


def state(root: Path) -> str:
    """What a refusal must leave as it was."""
    return git(root, "rev-parse", "HEAD") + git(root, "tag") + git(root, "status", "--porcelain", "--ignored")


def test_a_release_states_the_version_builds_the_wheels_gathers_the_notes_and_tags(root: Path) -> None:
    waiting = [path.name for path in (root / FOLDER).glob("*.*.md")]
    said = release(root, "v1.0.0", GOOD)
    wheels = [f"lockstep_{name}-1.0.0-py3-none-any.whl" for name in ("serve", "tool")]

    assert f"{len(waiting)} notes" in said
    assert "git push --atomic origin main v1.0.0" in said
    assert sorted(path.name for path in (root / FOLDER).iterdir()) == ["README.md", "v1.0.0.md"]
    notes = (root / FOLDER / "v1.0.0.md").read_text()
    assert notes.startswith("# v1.0.0\n\n## Removed\n\n`update` no longer brings `old.py`.\n")
    assert "## New\n" in notes
    hashes = [f"{hashlib.sha256((root / WHEELS / name).read_bytes()).hexdigest()}  {name}" for name in wheels]
    assert notes.endswith("\n".join(["\n## Wheels\n", "```text", *hashes, "```\n"]))
    assert sorted(path.name for path in (root / WHEELS).glob("*.whl")) == wheels
    for path in BUILT:
        text = (root / path).read_text()
        assert "1.0.0" in text
        assert "1.0.0.dev" not in text
    assert git(root, "cat-file", "-t", "v1.0.0").strip() == "tag"
    assert git(root, "tag", "--list", "--format=%(contents)", "v1.0.0").strip() == notes.strip()
    assert git(root, "log", "-1", "--format=%s").strip() == "Release v1.0.0"
    assert not git(root, "status", "--porcelain")
    # What a reviewer runs at the tag.
    for command in BUILD[:2]:
        subprocess.run([*command, "--check"], cwd=root, check=True, capture_output=True)


def test_the_next_release_has_only_what_came_after(root: Path) -> None:
    (root / FOLDER / "v1.0.0.md").write_text("# v1.0.0\n")
    for path in (root / FOLDER).glob("*.*.md"):
        if path.name != "v1.0.0.md":
            path.unlink()
    (root / FOLDER / "one-thing.new.md").write_text("`prove` now says one thing more.\n")
    name_wheels(root, "1.1.0")
    commit(root, "Say one thing more")
    release(root, "v1.1.0", GOOD, GOOD)

    assert (
        (root / FOLDER / "v1.1.0.md")
        .read_text()
        .startswith("# v1.1.0\n\n## New\n\n`prove` now says one thing more.\n\n## Wheels")
    )
    assert (root / FOLDER / "v1.0.0.md").exists()


def name_wheels(root: Path, version: str) -> None:
    """As if they had been built."""
    for wheel in (root / WHEELS).glob("*.whl"):
        name, _, rest = wheel.name.split("-", 2)
        wheel.rename(wheel.with_name(f"{name}-{version}-{rest}"))


def planted(plant: Callable[[Path], object]) -> Callable[[Path], None]:
    def committed(root: Path) -> None:
        plant(root)
        commit(root, "Plant it")

    return committed


def without_notes(root: Path) -> None:
    for path in (root / FOLDER).glob("*.*.md"):
        path.unlink()


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a changed file": (lambda root: append(root / "README.md", "More.\n"), " M README.md"),
    "a file that git does not know": (lambda root: (root / "new.txt").touch(), "?? new.txt"),
    "no notes": (planted(without_notes), "has no note"),
    "an empty note": (planted(lambda root: (root / FOLDER / "a.new.md").write_text("\n")), "docs/changes/a.new.md   is empty"),
    "a note of no kind": (planted(lambda root: (root / FOLDER / "a.md").write_text("A.\n")), "is not called WORDS.KIND.md"),
    "a version twice": (planted(lambda root: append(root / TOOL, 'version = "1"\n')), f"{TOOL}   has 2 lines like"),
    "no version": (planted(lambda root: replace(root / SERVE, "version =", "_version =")), f"{SERVE}   has 0 lines like"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_by_name_and_nothing_changes(fault: str, root: Path) -> None:
    plant, said = FAULTS[fault]
    plant(root)
    before = state(root)
    with pytest.raises(Refusal) as refused:
        release(root, "v1.0.0", GOOD)

    assert said in str(refused.value)
    assert state(root) == before


@pytest.mark.parametrize("version", ["", "1.0.0", "v1.0", "v01.0.0", "v0.0.9", "v0.0.8"])
def test_what_is_no_later_version_is_refused(version: str, committed: Path) -> None:
    before = state(committed)
    with pytest.raises(Refusal, match=r"no version|does not come after"):
        release(committed, version, GOOD)

    assert state(committed) == before


def test_a_check_that_fails_is_named_and_there_is_no_tag(committed: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = state(committed)
    with pytest.raises(Refusal, match="A check fails") as refused:
        release(committed, "v1.0.0", (("true",), ("false",), ("touch", "never")))

    assert refused.value.where == (("false", "ended with 1"),)
    assert state(committed) == before
    assert capfd.readouterr().out == "checking: true\nchecking: false\n"


def test_a_check_that_changes_a_file_is_no_check(root: Path) -> None:
    with pytest.raises(Refusal, match="A check has changed the working tree"):
        release(root, "v1.0.0", (("touch", "made.txt"),))

    assert git(root, "tag").split() == ["v0.0.9"]


@pytest.mark.parametrize(
    ("build", "wrong"),
    [
        ((("true",),), "The wheels are not those of the version."),
        ((("touch", str(WHEELS / "more.whl")), ("false",)), "A step of the release fails."),
    ],
    ids=["wheels of another version", "a build that fails"],
)
def test_a_release_without_its_wheels_is_taken_back(build: tuple[tuple[str, ...], ...], wrong: str, root: Path) -> None:
    before = state(root)
    with pytest.raises(Refusal, match=wrong):
        release(root, "v1.0.0", GOOD, build)

    assert state(root) == before


def test_what_git_refuses_is_taken_back(root: Path) -> None:
    name_wheels(root, "1.0.0")
    commit(root, "Build them")
    hook = root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    before = state(root)
    with pytest.raises(Refusal, match="A step of the release fails") as refused:
        release(root, "v1.0.0", GOOD, GOOD)

    assert "no" in [said for _, said in refused.value.where]
    assert state(root) == before
