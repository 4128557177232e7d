"""Make the same service with another server model, by the code of `update -- --server`.

A copy of the checkout, uncommitted changes included, is updated in a temporary folder with another answer. So your own
code, dependencies and values come along. The template is fetched once, from where `.copier-answers.yml` names it.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lockstep_serve.errors import Refusal
from lockstep_tool.updating.applying import apply_update
from lockstep_tool.updating.checkout import Checkout, git, open_checkout
from lockstep_tool.updating.judging import list_unmerged
from lockstep_tool.updating.locking import bring_locks
from lockstep_tool.updating.origin import Origin, fetch_template
from lockstep_tool.updating.preview import find_values_without_place

__all__ = ["Siblings"]

LEFT_OUT = (".git", ".nox", ".venv", "__pycache__", ".*_cache", "dist", ".env")


@dataclass(frozen=True)
class Siblings:
    """A copy of the service that is committed in `folder`, and the template that it is updated from."""

    copy: Checkout
    folder: Path
    origin: Origin

    @classmethod
    def begin(cls, root: Path, folder: Path, template: str | None) -> Self:
        """Copy the service and fetch its template; raises Refusal when that cannot be reached."""
        here = copy_checkout(root, folder / "copy")
        try:
            return cls(here, folder, fetch_template(here, folder / "template", source=template, wanted=None, stay=True))
        except Refusal as refusal:
            raise Refusal(
                f"{refusal.wrong.removesuffix('.')}, so only this service's own server model is measured.",
                [("--template" if spot == "--from" else spot, text) for spot, text in refusal.where],
                "Connect, or name a clone of it: `uv run noxfile.py -s bench -- --template PATH`.",
            ) from refusal

    def make(self, model: str) -> Path:
        """The root of the same service with this server model; raises Refusal when it cannot be switched."""
        root, scratch = self.folder / model, self.folder / f"{model}.scratch"
        shutil.copytree(self.copy.root, root, symlinks=True)
        scratch.mkdir()
        apply_update(root, self.origin, {"server": model}, scratch)
        lock = bring_locks(root)
        conflicts = list_unmerged(root)
        rows = [(value["file"], f"it has no {value['name']}") for value in find_values_without_place(root, conflicts)]
        rows += [(path, "both sides changed the same lines") for path in conflicts if path not in dict(rows)]
        rows += [("uv.lock", lock)] if lock else []
        if rows:
            raise Refusal(f"The service cannot be switched to {model}.", rows, "Try it: `update -- --server … --preview`.")
        return root


def copy_checkout(root: Path, folder: Path) -> Checkout:
    """The service with what is not committed, committed in a repository of its own."""
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    for words in (["init", "--quiet"], ["add", "--all", "--force"], ["commit", "--quiet", "--message", "The service"]):
        git(folder, *words)
    return open_checkout(folder)
