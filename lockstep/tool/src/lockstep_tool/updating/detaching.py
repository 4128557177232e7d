"""Leave the template: what only updates need goes, everything else stays, works, and is the team's from then on.

It is made in a second tree and brought over staged. Nothing is committed, and `git reset --hard` takes everything back.
"""

import argparse
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import SAME, Refusal
from lockstep_tool.checks.finding import printable
from lockstep_tool.files.tree import ANSWERS
from lockstep_tool.service import Service
from lockstep_tool.updating.checkout import git, open_checkout
from lockstep_tool.updating.detached_note import NOTE, write_note
from lockstep_tool.updating.second_tree import make_second_tree
from lockstep_tool.updating.taking_over import take_over

__all__ = ["main"]

GONE = (ANSWERS, ".github/workflows/lockstep-update.yml", ".gitlab/lockstep-update.yml")
# What asks the template for something: updates, and the comparison of server models, which renders the others from it.
SESSIONS = ("update", "detach", "bench")
# Words in Lockstep's and in shared files that send the reader to the template, and what they become.
WORDS = (
    (r"(Lockstep's: [^\n]*?)\. Change it by `(?:-s |copier )?update`, not by hand", r"\1"),
    (r": `uv run noxfile\.py -s update -- --server NAME` brings both", ""),
    (r"; a deliberate change goes through `uv run noxfile\.py -s update`", ""),
)
MENTIONS = re.compile(r"copier update|(?:noxfile\.py |`)-s (?:update|bench|detach)")


def main(words: Sequence[str]) -> int:
    """0 when the service stands alone; raises Refusal."""
    argparse.ArgumentParser(prog="uv run noxfile.py -s detach", description=__doc__).parse_args(words)
    root = Path.cwd()
    if not (root / ANSWERS).exists():
        raise Refusal("This service has left its template already.", [(ANSWERS, "missing")], "Nothing is to be done.")
    here = open_checkout(root)
    here.refuse_unfinished()
    service = Service(root)
    definition = service.definition  # also refuses one that cannot be read, before anything changes
    application = str(service.project["project"]["entry-points"]["lockstep_serve"]["app"])
    with tempfile.TemporaryDirectory(prefix="lockstep-detach-") as scratch:
        tree = make_second_tree(here, Path(scratch, "tree"))
        gone = remove_files(tree)
        rewritten = rewrite_files(tree)
        write_note(tree, gone, definition, application)
        mentions = list_mentions(tree)  # before anything changes here
        take_over(here, tree, stage=True)
    print("This service stands alone.\n")
    print("\n".join(f"  gone        {name}" for name in gone))
    print(f"  rewritten   {len(rewritten)} files no longer send you to the template\n  new         {NOTE}")
    print("\n".join(f"  yours       {line}" for line in mentions))
    print("\nLook at it with `git diff --cached`, prove it with `uv run noxfile.py`, then commit it.")
    return SAME


def remove_files(root: Path) -> list[str]:
    """Remove what only updates need; the names of what was there."""
    gone = [name for name in GONE if (root / name).exists()]
    for name in gone:
        (root / name).unlink()
    return gone


def rewrite_files(root: Path) -> list[str]:
    """Take out the sessions and the words that need the template; the names of the files that changed."""
    changed = []
    for name in git(root, "ls-files", "-z").split("\0")[:-1]:
        path = root / name
        if not path.is_file() or path.is_symlink() or (name.endswith(".md") and name != "AGENTS.md"):
            continue
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue
        new = text
        for pattern, replacement in WORDS:
            new = re.sub(pattern, replacement, new)
        new = remove_sessions(new) if name == "noxfile.py" else new
        new = remove_include(new) if name == ".gitlab-ci.yml" else new
        if new != text:
            path.write_bytes(new.encode("utf-8"))
            changed.append(name)
    return changed


def remove_sessions(menu: str) -> str:
    """The menu without the sessions that need the template."""
    for name in SESSIONS:
        menu = re.sub(rf"@nox\.session[^\n]*\ndef {name}\(.*?\n\n\n(?=\S)", "", menu, count=1, flags=re.DOTALL)
    return menu


def remove_include(text: str) -> str:
    """GitLab's file without the job that proposes updates; without the list, where it was the only one in it."""
    item = r"^( *)- [^\n]*lockstep-update\.yml[^\n]*\n(?:\1 +[^\n]*\n)*"
    text = re.sub(item, "", text, flags=re.MULTILINE)
    return re.sub(r"^include:[ \t]*\n(?! *-)", "", text, flags=re.MULTILINE)


def list_mentions(root: Path) -> list[str]:
    """Lines of the team's pages that still speak of what is gone."""
    return [
        f"{printable(name)}:{number} speaks of what is gone"
        for name in git(root, "ls-files", "-z", "--", "*.md").split("\0")[:-1]
        if (root / name).is_file() and name != NOTE
        for number, line in enumerate((root / name).read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if MENTIONS.search(line)
    ]
