"""A release is made of a clean tree with notes, and of nothing that fails; it is made in a clone of the working tree.

Whatever this repository has released: the clone has notes of its own, and its version will never be.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from history import append, replace
from lockstep_serve.errors import Refusal
from notes import FOLDER, select_waiting
from release import BUILD, PROJECTS, STATED, WHEELS, commit, main, release
from snapshot import git, snapshot

GOOD = (("true",),)
SERVE, TOOL = PROJECTS
NOTES = {
    "update-says-less.removed.md": "`update` no longer brings `old.py`.\n",
    "update-says-more.new.md": "`update` now brings `new.py`.\n",
}
# What may say any version: pages, tests, scripts.
ANY_VERSION = (":!docs", ":!*.py", ":!findings")


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree as v98.0.0, with notes of its own."""
    root = snapshot(tmp_path_factory.mktemp("release") / "template", "v98.0.0").path
    without_notes(root)
    for name, text in NOTES.items():
        (root / FOLDER / name).write_text(text)
    commit(root, "Remove what is old")
    return root


@pytest.fixture(scope="module")
def released(committed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A copy that was released with its real build, which takes a while, and what that said."""
    root = tmp_path_factory.mktemp("released") / "template"
    shutil.copytree(committed, root, symlinks=True)
    return root, release(root, "v99.0.0", GOOD)


@pytest.fixture
def root(committed: Path, tmp_path: Path) -> Path:
    """A copy, to be released."""
    shutil.copytree(committed, tmp_path / "template", symlinks=True)
    return tmp_path / "template"


def state(root: Path) -> str:
    """What a refusal must leave as it was; which checks have passed is kept for the next time."""
    said = git(root, "status", "--porcelain", "--ignored").replace("!! .nox/\n", "")
    return git(root, "rev-parse", "HEAD") + git(root, "tag") + said


def notes(root: Path) -> list[str]:
    """Those that wait."""
    return sorted(select_waiting({path.name: "" for path in (root / FOLDER).iterdir()}))


def test_a_release_states_the_version_builds_the_wheels_gathers_the_notes_and_tags(
    committed: Path, released: tuple[Path, str]
) -> None:
    [before] = STATED.findall((committed / SERVE).read_text())
    root, said = released
    git(root, "checkout", "--quiet", "v99.0.0")
    wheels = [f"lockstep_{name}-99.0.0-py3-none-any.whl" for name in ("serve", "tool")]

    assert "git push --atomic origin main v99.0.0" in said
    assert not notes(root)
    page = (root / FOLDER / "v99.0.0.md").read_text()
    removed, new = NOTES.values()
    assert page.startswith(f"# v99.0.0\n\n## Removed\n\n{removed}\n## New\n\n{new}\n## Wheels\n")
    hashes = [f"{hashlib.sha256((root / WHEELS / name).read_bytes()).hexdigest()}  {name}" for name in wheels]
    assert "\n".join(["```text", *hashes, "```", "", "## Checks", "", "- `true`: 2"]) in page
    assert sorted(path.name for path in (root / WHEELS).glob("*.whl")) == wheels
    # Wherever the version stood, the new one does.
    assert run("git", "grep", "-lF", before, "--", ".", *ANY_VERSION, cwd=root) == (1, "")
    assert git(root, "cat-file", "-t", "v99.0.0").strip() == "tag"
    assert git(root, "tag", "--list", "--format=%(contents)", "v99.0.0").strip() == page.strip()
    assert git(root, "log", "-1", "--format=%s").strip() == "Release v99.0.0"
    assert not git(root, "status", "--porcelain")
    # What a reviewer runs at the tag.
    for command in BUILD[:2]:
        subprocess.run([*command, "--check"], cwd=root, check=True, capture_output=True)


def test_what_follows_a_release_has_another_version(released: tuple[Path, str]) -> None:
    root, _ = released
    git(root, "checkout", "--quiet", "main")

    assert git(root, "log", "-2", "--format=%s").splitlines() == ["Begin after v99.0.0", "Release v99.0.0"]
    assert STATED.findall((root / TOOL).read_text()) == ["99.0.1.dev0"]
    assert {path.name.split("-")[1] for path in (root / WHEELS).glob("*.whl")} == {"99.0.1.dev0"}
    assert not git(root, "status", "--porcelain")


def run(*command: str, cwd: Path) -> tuple[int, str]:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_the_next_release_has_only_what_came_after(root: Path) -> None:
    for number in ("99.0.0", "99.1.0"):
        name_wheels(root, number)
        commit(root, "Build them")
        release(root, f"v{number}", GOOD, build=GOOD)
        (root / FOLDER / "one-thing.new.md").write_text("`prove` now says one thing more.\n")
        commit(root, "Say one thing more")
    git(root, "checkout", "--quiet", "v99.1.0")

    page = (root / FOLDER / "v99.1.0.md").read_text()
    assert page.startswith("# v99.1.0\n\n## New\n\n`prove` now says one thing more.\n\n## Wheels")
    listed = (root / FOLDER / "README.md").read_text().partition("\n## Releases\n\n")[2]
    assert listed.startswith("- [v99.1.0](v99.1.0.md)\n- [v99.0.0](v99.0.0.md)\n")


def test_whoever_asks_for_the_notes_is_told_also_when_there_are_none(
    committed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("release.ROOT", committed)
    assert main(["--notes"]) == 0
    assert capsys.readouterr().out.startswith("# The next version\n\n## Removed\n")

    monkeypatch.setattr("release.read_notes", lambda root: {"README.md": "", "v1.0.0.md": ""})
    assert main(["--notes"]) == 0
    assert capsys.readouterr().out == "No note waits for a release.\n"


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
    for name in notes(root):
        (root / FOLDER / name).unlink()


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
        release(root, "v99.0.0", GOOD)

    assert said in str(refused.value)
    assert state(root) == before


@pytest.mark.parametrize("version", ["", "1.0.0", "v1.0", "v01.0.0", "v98.0.0", "v97.9.9"])
def test_what_is_no_later_version_is_refused(version: str, committed: Path) -> None:
    before = state(committed)
    with pytest.raises(Refusal, match=r"no version|does not come after"):
        release(committed, version, GOOD)

    assert state(committed) == before


def test_a_check_that_fails_is_named_and_there_is_no_tag(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = state(root)
    for expected in ("checking: true\nchecking: false\n", "passed before: true\nchecking: false\n"):
        with pytest.raises(Refusal, match="A check fails") as refused:
            release(root, "v99.0.0", (("true",), ("false",), ("touch", "never")))

        assert refused.value.where == (("false", "ended with 1"),)
        assert state(root) == before
        assert capfd.readouterr().out == expected


def test_two_long_checks_run_at_once_and_one_that_passes_beside_one_that_fails_counts(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    waits = ("sh", "-c", "touch .nox/x; until [ -e .nox/z ]; do sleep 0.1; done; sleep 1", "waits")
    fails = ("sh", "-c", "until [ -e .nox/x ]; do sleep 0.1; done; touch .nox/z; echo why; exit 3", "fails")
    for long in ((waits, fails, ("touch", "never")), (waits, fails)):
        with pytest.raises(Refusal, match="A check fails") as refused:
            release(root, "v99.0.0", GOOD, long)

        assert refused.value.where == ((" ".join(fails), "ended with 3"), (".nox/release/fails.log", "has what it said"))
        assert (root / ".nox" / "release" / "fails.log").read_text() == "why\n"
        assert not (root / "never").exists()
    said = capfd.readouterr().out.replace(" ".join(waits), "WAITS").replace(" ".join(fails), "FAILS")
    logged = "FAILS (says so in .nox/release/fails.log)"

    failed = "failed: FAILS; what runs beside it goes to its end, and counts"
    first = ["checking: true", "checking: WAITS (says so in .nox/release/waits.log)", f"checking: {logged}", failed]
    second = ["passed before: true", "passed before: WAITS", f"checking: {logged}", failed]
    assert sorted(line for line in said.splitlines() if not line.startswith("passed: ")) == sorted([*first, *second])


def test_a_check_does_not_inherit_the_search_path_of_the_release(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Services name such a variable, so the checks that run them would fail."""
    ask = (sys.executable, "-c", "import os, sys; print('search path:', os.environ.get('PYTHONPATH')); sys.exit(5)")
    monkeypatch.setenv("PYTHONPATH", "tests")
    monkeypatch.setattr("release.ROOT", root)
    monkeypatch.setattr("release.CHECKS", [ask])

    assert main(["v99.0.0"]) == 1

    out, err = capfd.readouterr()
    assert "search path: None" in out
    assert "ended with 5" in err


def test_what_passed_at_another_commit_is_checked_again(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        with pytest.raises(Refusal, match="A check fails"):
            release(root, "v99.0.0", (("true",), ("false",)))
        append(root / "README.md", "More.\n")
        commit(root, "Say more")

    assert "passed before" not in capfd.readouterr().out


def test_a_check_that_changes_a_file_is_no_check(root: Path) -> None:
    for _ in range(2):
        with pytest.raises(Refusal, match="A check has changed the working tree"):
            release(root, "v99.0.0", (("touch", "made.txt"),))
        (root / "made.txt").unlink()

    assert git(root, "tag").split() == ["v98.0.0"]


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
        release(root, "v99.0.0", GOOD, build=build)

    assert state(root) == before


def test_a_release_that_is_broken_off_is_taken_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By Ctrl-C, in what follows the tag."""
    name_wheels(root, "99.0.0")
    commit(root, "Build them")
    before = state(root)

    def break_off_after_the_tag(root: Path, message: str) -> None:
        if message == "Begin after v99.0.0":
            raise KeyboardInterrupt
        commit(root, message)

    monkeypatch.setattr("release.commit", break_off_after_the_tag)
    with pytest.raises(KeyboardInterrupt):
        release(root, "v99.0.0", GOOD, build=GOOD)

    assert state(root) == before


def test_what_git_refuses_is_taken_back(root: Path) -> None:
    name_wheels(root, "99.0.0")
    commit(root, "Build them")
    hook = root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    hook.chmod(0o755)
    before = state(root)
    with pytest.raises(Refusal, match="A step of the release fails") as refused:
        release(root, "v99.0.0", GOOD, build=GOOD)

    assert "no" in [said for _, said in refused.value.where]
    assert state(root) == before
