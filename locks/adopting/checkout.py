"""A service's checkout, as git sees it: a repository of its own, or a folder of a larger one."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adopting.interrupts import hold_interrupts
from lockstep_serve.errors import Refusal
from lockstep_tool.updating.checkout import find_hidden, git_environment

__all__ = [
    "COMMIT",
    "Checkout",
    "copy_files",
    "git",
    "list_changes",
    "read_checkout",
    "read_lines",
    "read_text",
    "refuse_changes",
    "stage",
]

COMMIT = "Commit them or put them away (`git stash --include-untracked`), then try again."
SUBMODULE, LINK = "160000", "120000"
# How a text begins → how it is encoded, the longest first.
MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True)
class Checkout:
    """`files` are those that git tracks and that are there, links among them; `below` is the folder in a larger repository,
    empty for a repository of its own; `head` is the commit. All names are as git writes them, below `path`.
    """

    path: Path
    below: str
    files: tuple[str, ...]
    links: tuple[str, ...]
    submodules: tuple[str, ...]
    deleted: tuple[str, ...]
    head: str

    @property
    def back(self) -> str:
        """The command that takes everything back."""
        return "git restore --source=HEAD --staged --worktree ." if self.below else "git reset --hard"

    def read(self, name: str) -> str:
        """A file as text; empty where there is none."""
        return read_text(self.path / name) if name in self.files else ""


def git(path: Path, *words: str, stdin: str = "") -> str:
    """What git prints there, to its end; raises Refusal with its error. Paths are taken as they are written."""
    with hold_interrupts():
        done = subprocess.run(
            ["git", "-C", str(path), *words],
            env={**git_environment(), "GIT_LITERAL_PATHSPECS": "1"},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no commit"]
        raise Refusal(f"git {words[0]} fails.", [(f"git {words[0]}", last[0])], "Mend what git names, then try again.")
    return done.stdout


def read_checkout(path: Path) -> Checkout:
    """What git tracks at `path`; raises Refusal where git has no commit."""
    try:
        head = read_head(path)
    except Refusal as refusal:
        fix = "Put the service under git and commit it first: only then can everything be taken back."
        raise Refusal("Git does not know this service.", refusal.where, fix) from refusal
    entries = [entry.partition("\t") for entry in git(path, "ls-files", "--stage", "-z").split("\0")[:-1]]
    modes = {name: about.split()[0] for about, _, name in entries}
    there = [name for name in modes if (path / name).is_file() or (path / name).is_symlink()]
    return Checkout(
        path,
        git(path, "rev-parse", "--show-prefix").strip().strip("/"),
        tuple(there),
        tuple(name for name, mode in modes.items() if mode == LINK),
        tuple(name for name, mode in modes.items() if mode == SUBMODULE),
        tuple(name for name in modes if name not in there and modes[name] != SUBMODULE),
        head,
    )


def read_head(path: Path) -> str:
    """The commit that is checked out."""
    return git(path, "rev-parse", "--verify", "--quiet", "HEAD").strip()


def refuse_changes(here: Checkout) -> None:
    """Nothing is written where it could not be taken back, nor over another commit than the one that was read."""
    if changed := list_changes(here.path):
        raise Refusal("There are changes that are not committed.", [(name, "not committed") for name in changed], COMMIT)
    hidden, fix = find_hidden(here.path, ".")
    if hidden:
        rows = [(name, "its changes are not looked at") for name in hidden[:5]]
        raise Refusal("Git was told not to look at some files, so they could not be taken back.", rows, fix)
    if (head := read_head(here.path)) != here.head:
        raise Refusal("There is another commit now.", [("HEAD was", here.head), ("HEAD is", head)], "Run this again.")


def list_changes(path: Path) -> list[str]:
    """The first few files that are not as they were committed."""
    return [line[3:] for line in git(path, "status", "--porcelain", "--", ".").splitlines()[:5]]


def stage(here: Checkout, names: Sequence[str]) -> None:
    """For the next commit, also where an ignored pattern of the service's leaves them out."""
    given = ("--pathspec-from-file=-", "--pathspec-file-nul")
    git(here.path, "add", "--all", "--force", *given, stdin="".join(f"{name}\0" for name in names))


def read_text(path: Path) -> str:
    """A text of any encoding that says which it is, else UTF-8; what cannot be read is replaced."""
    content = path.read_bytes() if path.is_file() else b""
    encoding = next((encoding for mark, encoding in MARKS if content.startswith(mark)), "utf-8-sig")
    return content.decode(encoding, errors="replace").replace("\r\n", "\n")


def read_lines(here: Checkout) -> dict[str, set[bytes]]:
    """File → its lines, for every file that git knows there."""
    names = git(here.path, "ls-files", "-z").split("\0")[:-1]
    files = {name: here.path / name for name in names if not (here.path / name).is_symlink()}
    return {name: set(file.read_bytes().splitlines()) for name, file in files.items() if file.is_file()}


def copy_files(here: Checkout, folder: Path, names: Sequence[str] | None = None) -> None:
    """What git tracks, or only these files, in another folder."""
    for name in here.files if names is None else names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(here.path / name, folder / name, follow_symlinks=False)
