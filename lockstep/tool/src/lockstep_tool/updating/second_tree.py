"""Make a second tree of a service, to try a change in: a repository of its own, which borrows the service's objects.

Nothing of it is written into the service's repository, so nothing is left there, whatever ends the attempt: a worktree
of git's would stay registered.
"""

import shutil
from pathlib import Path

from lockstep_tool.updating.checkout import Checkout, git

__all__ = ["make_second_tree"]

# What a repository has beside its settings that changes how files come out of it.
BESIDE = ("shallow", "info/attributes", "info/exclude")


def make_second_tree(here: Checkout, folder: Path) -> Path:
    """The service as it is committed, once more, below the new `folder`; returns the service's root there."""
    shape = git(here.top, "rev-parse", "--show-object-format").strip()
    git(folder.parent, "init", "--quiet", "--template=", f"--object-format={shape}", str(folder))
    own = folder / ".git"
    (own / "objects" / "info" / "alternates").write_text(f"{here.path_in_git('objects')}\n", encoding="utf-8")
    for name in BESIDE:
        if (source := here.path_in_git(name)).is_file():
            (own / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source, own / name)
    settings = str(here.path_in_git("config")).replace("\\", "\\\\").replace('"', '\\"')
    text = (own / "config").read_text(encoding="utf-8")  # last, so that it wins
    (own / "config").write_text(f'[include]\n\tpath = "{settings}"\n{text}', encoding="utf-8")
    git(folder, "checkout", "--quiet", "--detach", here.head)
    return folder / here.prefix
