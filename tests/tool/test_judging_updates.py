"""What an update may have left behind is named: each fault planted once in a small repository, without a template."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "template" / "updating"))

from lockstep_tool.updating import checkout
from lockstep_tool.updating import judging

WAS = "one\ntwo\n\nthree\n"


@pytest.fixture
def here(tmp_path: Path) -> checkout.Checkout:
    """A service of a few files; one line and one file of it are the team's."""
    root = tmp_path / "service"
    root.mkdir()
    (root / ".copier-answers.yml").write_text("_commit: v1\n")
    (root / "shared.toml").write_text(WAS + "ours\n")
    (root / "theirs.txt").write_text(WAS)
    (root / "ours.txt").write_text("ours\n")
    (root / "uv.lock").write_text("ours\n")
    (root / "merging.md").write_text("A conflict begins with\n<<<<<<< ours\n")
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "x"]):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    return checkout.checkout(root)


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
    ("plant", "kind", "path"),
    [
        (write("theirs.txt", "<<<<<<< before updating\na\n=======\nb\n>>>>>>> after updating\n"), "markers", "theirs.txt"),
        (write("merging.md", "<<<<<<< ours\n<<<<<<< a\n"), "markers", "merging.md"),
        (write("theirs.txt.rej", "@@ -1 +1 @@\n"), "rejected", "theirs.txt.rej"),
        (remove("ours.txt"), "vanished", "ours.txt"),
        (remove("shared.toml"), "vanished", "shared.toml"),
        (write("shared.toml", WAS + "new\n"), "lines", "shared.toml"),
    ],
)
def test_a_planted_fault_is_named(
    plant: Callable[[Path], object], kind: str, path: str, here: checkout.Checkout, tmp_path: Path
) -> None:
    with here.second_tree(tmp_path / "tree") as tree:
        plant(tree)
        found = judging.faults(here, tree, born(tmp_path / "born"), "")

    assert (kind, path) in [(fault.kind, fault.path) for fault in found]
    assert all(path in fault.remedy or kind == "markers" for fault in found if fault.kind == kind)


def test_what_the_template_may_do_is_no_fault(here: checkout.Checkout, tmp_path: Path) -> None:
    with here.second_tree(tmp_path / "tree") as tree:
        (tree / "theirs.txt").unlink()
        (tree / "shared.toml").write_text("one\nchanged\n\n  ours\n")
        (tree / "uv.lock").write_text("made anew\n")
        (tree / "new.txt").write_text("new\n")
        (tree / "merging.md").write_text("A conflict begins with\n<<<<<<< ours\nand ends.\n")

        assert judging.faults(here, tree, born(tmp_path / "born"), "") == []


def test_a_stale_lock_and_an_unknown_past_are_named(here: checkout.Checkout, tmp_path: Path) -> None:
    with here.second_tree(tmp_path / "tree") as tree:
        found = judging.faults(here, tree, None, "uv cannot lock.")

    assert [(fault.kind, fault.path) for fault in found] == [("unseen", ".copier-answers.yml"), ("lock", "uv.lock")]


def test_an_update_that_cannot_be_brought_over_leaves_nothing(here: checkout.Checkout, tmp_path: Path) -> None:
    with here.second_tree(tmp_path / "tree") as tree:
        (tree / "ours.txt").unlink()
        (tree / "new.txt").write_text("new\n")
        (tree / "theirs.txt").unlink()
        os.mkfifo(tree / "theirs.txt")  # what no copy can be made of
        with pytest.raises(OSError, match="named pipe"):
            here.bring(tree)

    assert not checkout.git(here.root, "status", "--porcelain")
    assert (here.root / "ours.txt").read_text() == "ours\n"
