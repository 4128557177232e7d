"""What an update may have left behind is named: each kind planted once in a small repository, without a template."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lockstep_tool.updating.checkout import Checkout, git, open_checkout
from lockstep_tool.updating.judging import find_damage, path_of
from lockstep_tool.updating.second_tree import make_second_tree
from tiny_template import commit

WAS = "one\ntwo\n\nthree\n"


@pytest.fixture
def here(tmp_path: Path) -> Checkout:
    """A service of a few files; one line and two files of it are the team's."""
    root = tmp_path / "service"
    root.mkdir()
    (root / ".copier-answers.yml").write_text("_commit: v1\n")
    (root / "shared.toml").write_text(WAS + "ours\n")
    (root / "theirs.txt").write_text(WAS)
    (root / "ours.txt").write_text("ours\n")
    (root / "ours.bin").write_bytes(b"\0ours")
    (root / "uv.lock").write_text("package = []\n")
    (root / "merging.md").write_text("A conflict begins with\n<<<<<<< ours\n")
    git(root, "init", "--quiet")
    commit(root)
    return open_checkout(root)


def born(folder: Path) -> Path:
    """What the template gave that service."""
    folder.mkdir()
    (folder / "shared.toml").write_text(WAS)
    (folder / "theirs.txt").write_text(WAS)
    return folder


def remove(name: str) -> Callable[[Path], object]:
    return lambda tree: (tree / name).unlink()


def write(name: str, text: str) -> Callable[[Path], object]:
    return lambda tree: (tree / name).write_text(text)


@pytest.mark.parametrize(
    ("plant", "check", "path"),
    [
        (write("theirs.txt", "<<<<<<< before updating\na\n=======\nb\n>>>>>>> after updating\n"), "markers", "theirs.txt"),
        (write("merging.md", "<<<<<<< ours\n<<<<<<< a\n"), "markers", "merging.md"),
        (write("theirs.txt.rej", "@@ -1 +1 @@\n"), "rejected", "theirs.txt.rej"),
        (remove("ours.txt"), "vanished", "ours.txt"),
        (remove("shared.toml"), "vanished", "shared.toml"),
        (write("ours.bin", "\0theirs"), "replaced", "ours.bin"),
        (write("shared.toml", WAS + "new\n"), "lines", "shared.toml"),
    ],
)
def test_planted_damage_is_named(plant: Callable[[Path], object], check: str, path: str, here: Checkout, tmp_path: Path) -> None:
    tree = make_second_tree(here, tmp_path / "tree")
    plant(tree)
    findings = find_damage(here, tree, born(tmp_path / "born"), "")

    assert (check, path) in [(finding.check, path_of(finding)) for finding in findings]
    assert all(path in finding.fix or check == "markers" for finding in findings if finding.check == check)


def test_what_the_template_may_do_is_no_damage(here: Checkout, tmp_path: Path) -> None:
    tree = make_second_tree(here, tmp_path / "tree")
    (tree / "theirs.txt").unlink()
    (tree / "shared.toml").write_text("one\nchanged\n\n  ours\n")
    (tree / "uv.lock").write_text("package = []\n# made anew\n")
    (tree / "new.txt").write_text("new\n")
    (tree / "merging.md").write_text("A conflict begins with\n<<<<<<< ours\nand ends.\n")

    assert find_damage(here, tree, born(tmp_path / "born"), "") == []


def test_a_stale_lock_and_an_unknown_past_are_named(here: Checkout, tmp_path: Path) -> None:
    findings = find_damage(here, make_second_tree(here, tmp_path / "tree"), None, "uv cannot lock.")

    named = [(finding.check, path_of(finding)) for finding in findings]
    assert named == [("unknown past", ".copier-answers.yml"), ("lock", "uv.lock")]
