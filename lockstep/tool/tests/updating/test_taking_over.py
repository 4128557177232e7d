"""A change comes over whole, or it does not come; killed at any step, the printed command takes it back."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from killing import break_git, fail_git, kill_at, list_steps
from lockstep_serve.errors import Refusal
from lockstep_tool.updating.checkout import BACK, Checkout, git, open_checkout
from lockstep_tool.updating.second_tree import make_second_tree
from lockstep_tool.updating.taking_over import take_over
from tiny_template import commit

FILES = {
    ".copier-answers.yml": "_commit: v1\n",
    ".gitignore": "*.ignored\n",
    "changed.txt": "one\n",
    "gone/deep/gone.txt": "gone\n",
    "becomes-a-folder": "a file\n",
    "becomes-a-file/in.txt": "in a folder\n",
    "both.txt": "one\n",
    "stays.txt": "stays\n",
}


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A committed service with an ignored file, and a second tree of it with a change of every kind."""
    folder = tmp_path_factory.mktemp("tried")
    root = folder / "service"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "stays").symlink_to("stays.txt")
    (root / "mine.ignored").write_text("mine\n")
    git(folder, "init", "--quiet", str(root))
    commit(root)
    tree = make_second_tree(open_checkout(root), folder / "tree")
    merge(tree)
    (tree / "changed.txt").write_text("two\n")
    (tree / "changed.txt").chmod(0o755)
    shutil.rmtree(tree / "gone")
    (tree / "becomes-a-folder").unlink()
    (tree / "becomes-a-folder").mkdir()
    (tree / "becomes-a-folder" / "new.txt").write_text("new\n")
    shutil.rmtree(tree / "becomes-a-file")
    (tree / "becomes-a-file").write_text("a file\n")
    (tree / "new*.txt").write_text("new\n")
    (tree / "new" / "deep").mkdir(parents=True)
    (tree / "new" / "deep" / "new.ignored").write_text("new\n")
    (tree / "stays").unlink()
    (tree / "stays").symlink_to("changed.txt")
    return root, tree


def merge(tree: Path) -> None:
    """Leave a conflict in both.txt, and one in a file that both sides bring."""
    head = git(tree, "rev-parse", "HEAD").strip()
    for branch in ("theirs", "ours"):
        git(tree, "checkout", "--quiet", "-b", branch, head)
        for name in ("both.txt", "brought.txt"):
            (tree / name).write_text(f"{branch}\n")
        commit(tree)
    with pytest.raises(Refusal, match="git merge fails"):
        git(tree, "merge", "theirs")


@pytest.fixture
def here(tried: tuple[Path, Path], tmp_path: Path) -> Checkout:
    """A copy of the service, to take the change over into."""
    return open_checkout(copy_service(tried[0], tmp_path / "service"))


def copy_service(root: Path, folder: Path) -> Path:
    shutil.copytree(root, folder, symlinks=True)
    git(folder, "update-index", "-q", "--refresh")
    return folder


def read_state(root: Path) -> tuple[dict[str, tuple[int, object]], str]:
    """Every path with its mode and content, but git's own, and the index."""
    files = {
        path.relative_to(root).as_posix(): (
            path.lstat().st_mode,
            os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None,
        )
        for path in sorted(root.rglob("*"))
        if ".git" not in path.relative_to(root).parts
    }
    return files, git(root, "ls-files", "--stage") + git(root, "status", "--porcelain")


def test_everything_comes_over_and_conflicts_stay_open(here: Checkout, tried: tuple[Path, Path]) -> None:
    take_over(here, tried[1])
    there, came = read_state(tried[1])[0], read_state(here.root)[0]

    assert came.pop("mine.ignored")
    assert came == there
    unmerged = git(tried[1], "ls-files", "--unmerged")
    assert "brought.txt" in unmerged
    assert git(here.root, "ls-files", "--unmerged") == unmerged
    git(here.root, "fsck", "--strict")


def test_with_stage_the_index_has_every_change(here: Checkout, tried: tuple[Path, Path]) -> None:
    take_over(here, tried[1], stage=True)

    assert set(git(here.root, "diff", "--name-only").split()) == {"both.txt", "brought.txt"}
    assert "gone/deep/gone.txt" in git(here.root, "diff", "--cached", "--name-only")


def test_killed_at_any_step_the_printed_command_takes_it_back(tried: tuple[Path, Path], tmp_path: Path) -> None:
    files, index = read_state(tried[0])
    steps = list_steps(change(copy_service(tried[0], tmp_path / "whole"), tried[1]), tmp_path)

    assert {"os.rename index (1)", "write new.ignored (1)", "os.remove gone.txt (1)", "start git update-index (1)"} <= set(steps)
    for number, step in enumerate(steps):
        root = copy_service(tried[0], tmp_path / str(number) / "whole")
        kill_at(step, change(root, tried[1]), tmp_path / "printed")
        git(root, *BACK.split()[1:])
        left = read_state(root)

        assert left[1] == index, step
        # Git does not know of empty folders, so one that was made just before stays; nothing is in it.
        assert {name: is_what for name, is_what in left[0].items() if name in files or is_what[1] is not None} == files, step
        shutil.rmtree(root)


def change(root: Path, tree: Path) -> Callable[[], None]:
    here = open_checkout(root)
    return lambda: take_over(here, tree)


@pytest.mark.parametrize("subcommand", ["update-index", "unpack-objects", "pack-objects", "read-tree"])
def test_a_git_that_dies_leaves_nothing_in_the_way(
    subcommand: str, here: Checkout, tried: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_state(here.root)
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{break_git(tmp_path / 'bin', subcommand)}:{path}")
    if subcommand == "read-tree":  # only where it is taken back at once
        monkeypatch.setattr("lockstep_tool.updating.taking_over.copy_file", fail)
    kill_at("", lambda: take_over(here, tried[1]), tmp_path / "printed")
    monkeypatch.setenv("PATH", path)
    git(here.root, *BACK.split()[1:])

    assert read_state(here.root) == before
    assert not (here.root / ".git" / "index.lock").exists()


@pytest.mark.parametrize("subcommand", ["unpack-objects", "pack-objects"])
def test_a_git_that_fails_is_quoted(
    subcommand: str, here: Checkout, tried: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_state(here.root)
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{fail_git(tmp_path / 'bin', subcommand, 'fatal: no space left')}:{path}")
    with pytest.raises(Refusal, match=f"git {subcommand} fails") as refused:
        take_over(here, tried[1])
    monkeypatch.setenv("PATH", path)

    assert refused.value.where == (("git", "fatal: no space left"),)
    assert read_state(here.root) == before


def fail(*_: object) -> None:
    raise OSError("planted")


def test_what_cannot_be_copied_is_taken_back_at_once(here: Checkout, tried: tuple[Path, Path], tmp_path: Path) -> None:
    before = read_state(here.root)
    tree = make_second_tree(here, tmp_path / "tree")
    (tree / "changed.txt").unlink()
    (tree / "gone" / "deep" / "gone.txt").unlink()
    (tree / "new.txt").write_text("new\n")
    (tree / "stays.txt").unlink()
    os.mkfifo(tree / "stays.txt")  # what no copy can be made of
    with pytest.raises(OSError, match="named pipe"):
        take_over(here, tree)

    assert read_state(here.root) == before


@pytest.mark.parametrize("name", ["new.ignored", "linked.ignored/new.txt", "mine.ignored/new.txt"])
def test_what_git_ignores_is_not_written_over(name: str, here: Checkout, tmp_path: Path) -> None:
    (here.root / "new.ignored").write_text("mine\n")
    (here.root / "linked.ignored").symlink_to(tmp_path)
    before = read_state(here.root)
    tree = make_second_tree(here, tmp_path / "tree")
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text("new\n")
    with pytest.raises(Refusal, match="where you have one that git ignores"):
        take_over(here, tree)

    assert read_state(here.root) == before


def test_a_second_tree_leaves_nothing_in_the_repository(here: Checkout, tmp_path: Path) -> None:
    def list_own() -> list[str]:
        return sorted(str(path) for path in (here.root / ".git").rglob("*"))

    before = list_own()
    tree = make_second_tree(here, tmp_path / "tree")
    (tree / "changed.txt").write_text("two\n")
    commit(tree)

    assert list_own() == before


def test_a_persons_settings_of_the_environment_hold_below_ours(here: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    for number, (name, value) in enumerate([("url.file:///mirror/.insteadOf", "https://away/"), ("user.name", "theirs")]):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", name)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)

    assert git(here.root, "ls-remote", "--get-url", "https://away/template") == "file:///mirror/template\n"
    assert git(here.root, "config", "user.name") == "update\n"
    assert git(here.root, "config", "user.name", settings={"user.name": "chosen"}) == "chosen\n"


@pytest.mark.parametrize(
    "how",
    ["a worktree", "a shallow clone", "settings of its own", "hashes of 256 bits", "a submodule"],
)
def test_a_second_tree_is_what_the_checkout_is(how: str, here: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "other"
    if how == "a worktree":
        git(here.root, "worktree", "add", "--quiet", "--detach", str(root))
    elif how == "a shallow clone":
        git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{here.root}", str(root))
    elif how == "settings of its own":
        git(tmp_path, "clone", "--quiet", str(here.root), str(root))
        git(root, "config", "core.autocrlf", "true")
        git(root, "config", "core.worktree", str(root))
        git(root, "config", "core.sparseCheckout", "true")
        git(root, "rm", "--quiet", "--cached", "-r", ".")
        git(root, "reset", "--quiet", "--hard")
        assert b"\r\n" in (root / "stays.txt").read_bytes()
    elif how == "a submodule":
        git(tmp_path, "clone", "--quiet", str(here.root), str(root))
        git(root, "submodule", "--quiet", "add", str(here.root), "theirs", settings={"protocol.file.allow": "always"})
        commit(root)
        (tmp_path / "gitconfig").write_text("[submodule]\n\trecurse = true\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    else:
        shutil.copytree(here.root, root, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        git(tmp_path, "init", "--quiet", "--object-format=sha256", str(root))
        commit(root)
    tree = make_second_tree(open_checkout(root), tmp_path / "tree")

    assert git(tree, "status", "--porcelain") == ""
    assert (tree / "stays.txt").read_bytes() == (root / "stays.txt").read_bytes()
    (tree / "new.txt").write_text("new\n")
    take_over(open_checkout(root), tree)
    assert "new.txt" in git(root, "status", "--porcelain")
    git(root, *BACK.split()[1:])
    assert git(root, "status", "--porcelain") == ""
