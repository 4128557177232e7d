"""Bring a second tree over into the checkout, so that `git reset --hard` takes it back from whatever point it came to.

Git knows of every new file before it is written, so that none is left behind; of ignored ones, too. The index changes
in one step and is never locked: git works on a copy, which takes its place. Whatever ends this, also in the middle, the
index is whole and what it lists is what `git reset --hard` removes or restores.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lockstep_serve.errors import Refusal
from lockstep_tool.updating.checkout import BACK, Checkout, explain_failure, git, git_environment, list_changes

__all__ = ["take_over"]


def take_over(here: Checkout, tree: Path, *, stage: bool = False) -> None:
    """Make the checkout what the second tree has become, all of it or nothing; raises Refusal.

    New files are staged and conflicts stay open, as a merge leaves them; with `stage` every change is staged. Minutes may
    have gone by since the second tree was made, so what was written or committed meanwhile is refused.
    """
    here.refuse_moved()
    changed = list_changes(tree, here.head)
    gone = [name for name in changed if not holds_file(tree / name)]
    there = set(here.list_files())
    new = [name for name in changed if name not in there and name not in gone]
    if taken := [name for name in new if is_taken(here.root, name, gone)]:
        raise Refusal(
            "A new file would come where you have one that git ignores.",
            [(name, "yours, not committed") for name in taken],
            "Move yours away, then try again.",
        )
    entries = list_entries(here, tree, changed if stage else new)
    copy_objects(here, tree, [entry.split()[1] for entry in entries if not entry.startswith("0 ")])
    try:
        with edit_index(here) as index:
            git(here.top, "update-index", "-z", "--replace", "--index-info", stdin="".join(entries), index=index)
            print(f"Back, at any time: {BACK}", flush=True)
        for name in gone:
            remove_file(here.root, name)
        for name in changed:
            if name not in gone:
                copy_file(tree / name, here.root / name)
    except BaseException:
        with edit_index(here) as index:
            git(here.top, "read-tree", "--reset", "-u", here.head, index=index)
        raise


def is_taken(root: Path, name: str, gone: Sequence[str]) -> bool:
    """Whether something that git does not know is where a new file goes, or stands in for a directory above it."""
    above = [parent.as_posix() for parent in Path(name).parents][:-1]
    if any(holds_file(root / one) for one in above if one not in gone):
        return True
    below = (path.relative_to(root).as_posix() for path in (root / name).rglob("*") if holds_file(path))
    return holds_file(root / name) or any(path not in gone for path in below)


def holds_file(path: Path) -> bool:
    """Whether something is there that is no directory; a link to one is none."""
    return os.path.lexists(path) and (path.is_symlink() or not path.is_dir())


def list_entries(here: Checkout, tree: Path, names: Collection[str]) -> list[str]:
    """What the index is to have of these files and of those in conflict, as `git update-index --index-info` reads it."""
    staged = [name for name in names if holds_file(tree / name)]
    if unmerged := {line.split("\t", 1)[1] for line in split_lines(git(tree, "ls-files", "--unmerged", "-z"))}:
        staged = [name for name in staged if name not in unmerged]
    if staged:
        git(tree, "add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul", stdin="\0".join(staged), literal=True)
    named = {*staged, *unmerged}
    lines = [line for line in split_lines(git(tree, "ls-files", "--stage", "-z")) if line.split("\t", 1)[1] in named]
    forgotten = [f"0 {'0' * len(here.head)}\t{here.prefix}{name}\0" for name in sorted({*names, *unmerged})]
    return [*forgotten, *(line.replace("\t", f"\t{here.prefix}", 1) + "\0" for line in lines)]


def split_lines(text: str) -> list[str]:
    return [line for line in text.split("\0") if line]


def copy_objects(here: Checkout, tree: Path, names: Sequence[str]) -> None:
    """Bring the objects of the second tree that the index is to name."""
    if not names:
        return
    wanted = "".join(f"{name}\n" for name in sorted(set(names))).encode()
    pack = run_git(tree, "pack-objects", "--quiet", "--stdout", stdin=wanted)
    run_git(here.top, "unpack-objects", "-q", stdin=pack)


def run_git(folder: Path, *words: str, stdin: bytes) -> bytes:
    """For what is no text; raises Refusal with git's last words."""
    command = ["git", "-C", str(folder), *words]
    done = subprocess.run(command, env=git_environment(), input=stdin, capture_output=True, check=False)
    if done.returncode:
        raise explain_failure(words[0], done.stderr.decode(errors="replace"))
    return done.stdout


@contextmanager
def edit_index(here: Checkout) -> Iterator[Path]:
    """A copy of the index for git to work on; it takes the index's place when the block has come to its end."""
    index = here.path_in_git("index")
    with tempfile.TemporaryDirectory(prefix="lockstep-", dir=index.parent) as folder:
        shutil.copyfile(index, Path(folder, "index"))
        yield Path(folder, "index")
        os.replace(Path(folder, "index"), index)


def remove_file(root: Path, name: str) -> None:
    path = root / name
    path.unlink(missing_ok=True)
    while (path := path.parent) != root and not any(path.iterdir()):
        path.rmdir()


def copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or source.is_symlink():
        target.unlink(missing_ok=True)
    shutil.copy(source, target, follow_symlinks=False)
