"""Take an adoption back: what it wrote and nothing else. What the team had or made meanwhile stays, also where git ignores it."""

import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from adopting.checkout import Checkout, git, list_changes
from lockstep_serve.errors import Refusal

__all__ = ["MADE", "try_taking_back"]

MADE = (".nox", "__pycache__")  # folders that the sessions make


def try_taking_back(here: Checkout, written: Sequence[str], folders: Sequence[str]) -> None:
    """Say how it went; where git cannot, what is left and the command for it. An error came first, and is said later."""
    try:
        take_back(here, written, folders)
        rows = [(name, "came meanwhile, and is left there") for name in list_changes(here.path)]
        print(Refusal("\nEverything was taken back.", rows), file=sys.stderr)
    except (Refusal, OSError) as error:
        rows = [*error.where] if isinstance(error, Refusal) else [(str(error.filename), str(error.strerror))]
        with suppress(Refusal):
            rows += [(name, "is not as it was") for name in list_changes(here.path)]
        print(Refusal("\nNot everything was taken back.", rows, f"In {here.path}, run this: {here.back}\n"), file=sys.stderr)


def take_back(here: Checkout, written: Sequence[str], folders: Sequence[str]) -> None:
    """As it was: nothing of what was `written`, none of the `folders` that sessions made, and what git tracks again.

    What takes space goes first, for a disk may be full.
    """
    for name in folders:
        shutil.rmtree(here.path / name, ignore_errors=True)
    try:
        remove_written(here, written)
    finally:
        git(here.path, *here.back.split()[1:])


def remove_written(here: Checkout, written: Sequence[str]) -> None:
    """What git does not bring back, with the folders that hold nothing else."""
    tracked = {*here.files}
    for path in (here.path / name for name in written if name not in tracked):
        path.unlink(missing_ok=True)
        remove_empty_folders(here.path, path.parent)


def remove_empty_folders(top: Path, folder: Path) -> None:
    """This one and those above."""
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
