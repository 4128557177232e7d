"""A service's checkout: what is committed, and what stands in the way of a change that one command takes back."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from lockstep_serve.errors import Refusal
from lockstep_tool.files.tree import ANSWERS

__all__ = ["BACK", "Checkout", "explain_failure", "find_hidden", "git", "git_environment", "list_changes", "open_checkout"]

BACK = "git reset --hard"
UNFINISHED = {
    "MERGE_HEAD": "a merge",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
}
EACH_FILE = (
    "Let it look again, at each of them: `git update-index --no-assume-unchanged FILE`, then "
    "`git update-index --no-skip-worktree FILE`."
)
ALL_FILES = "Let it look again: `git sparse-checkout disable`, which brings the files that are left out."
# Against what a person's or a repository's own settings could do to a merge. The commits that name `update` are thrown away.
SETTINGS = {
    "apply.whitespace": "nowarn",
    "commit.gpgSign": "false",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "true",
    "core.sparseCheckout": "false",
    "core.splitIndex": "false",
    "diff.mnemonicPrefix": "false",
    "diff.noprefix": "false",
    "status.showUntrackedFiles": "normal",
    "submodule.recurse": "false",
    "user.email": "update@localhost",
    "user.name": "update",
}
NO_REPOSITORY = "not a git repository (or any"  # without these last words git speaks of one that it cannot open
# A hook leaves these behind; the repository is the one of the folder.
ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")


def git_environment(settings: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Git's environment, with `settings` of git's, and without what would turn a merge out differently elsewhere."""
    kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    chosen = {**SETTINGS, **settings}
    count = kept.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0  # behind a person's own, because git takes the last
    for number, (name, value) in enumerate(chosen.items(), first):
        kept |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    kept["GIT_CONFIG_COUNT"] = str(first + len(chosen))
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LANGUAGE": "C"}  # what it says is looked into


def git(
    folder: Path,
    *words: str,
    stdin: str | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
    index: Path | None = None,
    literal: bool = False,
) -> str:
    """What git prints; raises Refusal with git's last words.

    `index` is another file than the repository's own; with `literal`, `*` and the like in paths are characters.
    """
    chosen = {"GIT_INDEX_FILE": str(index)} if index else {}
    done = subprocess.run(
        ["git", *(["--literal-pathspecs"] if literal else []), "-C", str(folder), *words],
        env={**git_environment(settings), **chosen},
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
    if done.returncode:
        raise explain_failure(words[0], done.stderr or done.stdout)
    return done.stdout


def find_hidden(root: Path, where: str) -> tuple[list[str], str]:
    """The files below `where` that git was told not to look at, named from `root`, and what has it look again."""
    marked = [line for line in git(root, "ls-files", "-v", where).splitlines() if not line.startswith("H ")]
    left_out = any(line[0] in "Ss" for line in marked) and is_sparse(root)
    return [line[2:] for line in marked], ALL_FILES if left_out else EACH_FILE


def is_sparse(root: Path) -> bool:
    """Whether the checkout leaves files out on purpose: the last value but ours."""
    stated = git(root, "config", "--get-all", "--type=bool", "core.sparseCheckout").split()
    return stated[-2:-1] == ["true"]


def explain_failure(command: str, said: str) -> Refusal:
    """Git's last words."""
    rows = [("git", line.strip()) for line in said.splitlines() if line.strip()][-3:]
    return Refusal(f"git {command} fails.", rows, "Mend what git names, then try again.")


def list_names(folder: Path, *words: str) -> list[str]:
    """What a git command lists behind `-z`."""
    return [name for name in git(folder, *words).split("\0") if name]


@dataclass(frozen=True)
class Checkout:
    """The service's folder, the repository it lies in, where in it, and the commit that is there."""

    root: Path
    top: Path
    prefix: str
    head: str

    def list_uncommitted(self) -> list[str]:
        """What a tree made from the commit would not have."""
        return git(self.top, "status", "--porcelain").splitlines()

    def refuse_unfinished(self) -> None:
        """Raise Refusal unless everything here is committed, so that one command leads back to it."""
        for sign, what in UNFINISHED.items():
            if self.path_in_git(sign).exists():
                raise Refusal(
                    f"{what[0].upper()}{what[1:]} is unfinished here.",
                    [("git", f"{sign} is there")],
                    "Finish it or abort it (`git status` says how), then try again.",
                )
        if (lock := self.path_in_git("index.lock")).exists():
            raise Refusal(
                "Another git command works here, or was broken off.",
                [("git", f"{lock} is there")],
                "Wait for it. If there is none, delete that file.",
            )
        if dirty := self.list_uncommitted():
            rest = [("", f"and {len(dirty) - 8} more")] if len(dirty) > 8 else []
            raise Refusal(
                "Something here is not committed, so nothing could be taken back.",
                [*(("git status", line) for line in dirty[:8]), *rest],
                "Commit it, or put it away with `git stash --include-untracked`, then try again.",
            )
        self.refuse_hidden()

    def refuse_hidden(self) -> None:
        """Raise Refusal where git was told not to look; names are from the service's folder, as its commands take them."""
        hidden, fix = find_hidden(self.root, ":/")
        if hidden:
            raise Refusal(
                "Git was told not to look at some files, so nothing could be taken back.",
                [("git ls-files -v", name) for name in hidden[:8]],
                fix,
            )

    def refuse_moved(self) -> None:
        """Raise Refusal unless this is still what it was when it was opened, with everything committed."""
        self.refuse_unfinished()
        if (head := git(self.top, "rev-parse", "HEAD").strip()) != self.head:
            raise Refusal(
                "HEAD has moved while this worked, so nothing has changed here.",
                [("HEAD, at first", self.head), ("HEAD, now", f"{head}   <- differs")],
                "Run the same command again: it begins with the commit that is here now.",
            )

    def path_in_git(self, name: str) -> Path:
        """A file or directory that git keeps for this checkout; worktrees share most of them."""
        return Path(self.top, git(self.top, "rev-parse", "--git-path", name).removesuffix("\n")).resolve()

    def read_committed(self, name: str) -> bytes | None:
        """A committed file of the service; None when there is none."""
        command = ["git", "-C", str(self.top), "cat-file", "blob", f"{self.head}:{self.prefix}{name}"]
        done = subprocess.run(command, env=git_environment(), capture_output=True, check=False)
        return None if done.returncode else done.stdout

    def list_files(self) -> list[str]:
        """The service's committed files."""
        return list_names(self.root, "ls-tree", "-r", "-z", "--name-only", self.head, ".")


def open_checkout(root: Path) -> Checkout:
    """The checkout at `root`; raises Refusal where an update has nothing to begin with."""
    answers = root / ANSWERS
    try:
        top, prefix = git(root, "rev-parse", "--show-toplevel", "--show-prefix").split("\n")[:2]
    except Refusal as refusal:
        if not any(NO_REPOSITORY in line for _, line in refusal.where):
            raise
        raise Refusal(
            "This service is not under version control, so nothing could be taken back.",
            refusal.where,
            "Run `git init -b main && git add --all && git commit -m Begin`, then this again.",
        ) from refusal
    command = ["git", "-C", top, "rev-parse", "--verify", "--quiet", "HEAD"]
    head = subprocess.run(command, env=git_environment(), capture_output=True, text=True, check=False).stdout.strip()
    if not head:
        fix = "Run `git add --all && git commit -m Begin`, then this again."
        raise Refusal("Nothing is committed here yet.", [("git", "HEAD names no commit")], fix)
    here = Checkout(root, Path(top), prefix, head)
    if not answers.exists() or here.read_committed(ANSWERS) is None:
        raise Refusal(
            "This service does not say which template it comes from.",
            [(ANSWERS, "not committed" if answers.exists() else "missing")],
            f"Commit it, or bring it back: `git log --diff-filter=D -- {ANSWERS}` shows who removed it.",
        )
    return here


def list_changes(tree: Path, head: str) -> list[str]:
    """Every path below `tree` that is not what `head` has, new and ignored ones included."""
    differ = list_names(tree, "diff", "--name-only", "--no-renames", "--no-ext-diff", "--relative", "-z", head, "--", ".")
    return sorted({*differ, *list_names(tree, "ls-files", "--others", "-z", "--", ".")})
