"""A service's checkout: what stands in an update's way, a second tree to try it in, and how the result is brought over.

The second tree is a worktree of git's in a temporary folder, so neither the checkout nor its index is touched before
all that can be known is known. New files come with an intent to add, which is why one `git reset --hard` takes
everything back: also files that git would ignore, and no file that was there before.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from lockstep_serve.errors import Refusal

__all__ = ["ANSWERS", "BACK", "Checkout", "git", "git_environment", "list_changes", "open_checkout"]

ANSWERS = ".copier-answers.yml"
BACK = "git reset --hard"
UNFINISHED = {
    "MERGE_HEAD": "a merge",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
}
# Against what a person's or a repository's own settings could do to a merge. The commits that name `update` are thrown away.
SETTINGS = {
    "apply.whitespace": "nowarn",
    "commit.gpgSign": "false",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "true",
    "diff.mnemonicPrefix": "false",
    "diff.noprefix": "false",
    "status.showUntrackedFiles": "normal",
    "user.email": "update@localhost",
    "user.name": "update",
}
# A hook leaves these behind; the repository is the one of the folder.
ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")


def git_environment(settings: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Git's environment, with `settings` of git's, and without what would turn a merge out differently elsewhere."""
    kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    chosen = {**SETTINGS, **settings}
    variables = {"GIT_CONFIG_COUNT": str(len(chosen)), "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    for number, (name, value) in enumerate(chosen.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return {**kept, **variables}


def git(folder: Path, *words: str, stdin: str | None = None, settings: Mapping[str, str] = MappingProxyType({})) -> str:
    """What git prints; raises Refusal with git's last words."""
    done = subprocess.run(
        ["git", "-C", str(folder), *words],
        env=git_environment(settings),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
    if done.returncode:
        rows = [("git", line) for line in (done.stderr or done.stdout).strip().splitlines()[-3:]]
        raise Refusal(f"git {words[0]} fails.", rows, "Mend what git names, then try again.")
    return done.stdout


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
            if (self.top / git(self.top, "rev-parse", "--git-path", sign).strip()).exists():
                raise Refusal(
                    f"{what[0].upper()}{what[1:]} is unfinished here.",
                    [("git", f"{sign} is there")],
                    "Finish it or abort it (`git status` says how), then update.",
                )
        if dirty := self.list_uncommitted():
            rest = [("", f"and {len(dirty) - 8} more")] if len(dirty) > 8 else []
            raise Refusal(
                "Something here is not committed, so an update could not be taken back.",
                [*(("git status", line) for line in dirty[:8]), *rest],
                "Commit it, or put it away with `git stash --include-untracked`, then update.",
            )
        if hidden := [line[2:] for line in git(self.top, "ls-files", "-v").splitlines() if not line.startswith("H ")]:
            raise Refusal(
                "Git was told not to look at some files, so an update could not be taken back.",
                [("git ls-files -v", name) for name in hidden[:8]],
                "Let it look again: `git update-index --no-assume-unchanged --no-skip-worktree FILE`.",
            )

    @contextmanager
    def second_tree(self, folder: Path) -> Iterator[Path]:
        """The service as it is committed, once more; nothing of it is left behind."""
        git(self.top, "worktree", "add", "--quiet", "--detach", str(folder), self.head)
        try:
            yield folder / self.prefix
        finally:
            git(self.top, "worktree", "remove", "--force", str(folder))

    def read_committed(self, name: str) -> bytes | None:
        """A committed file of the service; None when there is none."""
        command = ["git", "-C", str(self.top), "cat-file", "blob", f"{self.head}:{self.prefix}{name}"]
        done = subprocess.run(command, env=git_environment(), capture_output=True, check=False)
        return None if done.returncode else done.stdout

    def list_files(self) -> list[str]:
        """The service's committed files."""
        return list_names(self.root, "ls-tree", "-r", "-z", "--name-only", self.head, ".")

    def take_over(self, tree: Path) -> None:
        """Make the checkout what the second tree has become, all of it or nothing; raises Refusal."""
        changed = list_changes(tree, self.head)
        gone = [name for name in changed if not os.path.lexists(tree / name)]
        here = set(self.list_files())
        new = [name for name in changed if name not in here and name not in gone]
        if taken := [name for name in new if os.path.lexists(self.root / name)]:
            raise Refusal(
                "The update brings a file where you have one that git ignores.",
                [(name, "yours, not committed") for name in taken],
                "Move yours away, then update.",
            )
        print(f"Back, at any time: {BACK}", flush=True)
        try:
            for name in gone:
                self.remove_file(name)
            for name in changed:
                if name not in gone:
                    copy_file(tree / name, self.root / name)
            if new:
                git(self.root, "add", "--force", "--intent-to-add", "--", *new)
            if unmerged := git(tree, "ls-files", "--unmerged", "--full-name", "-z"):
                # As a merge leaves them: the three sides, and nothing that would count as resolved.
                paths = {entry.split("\t", 1)[1] for entry in unmerged.split("\0") if entry}
                forgotten = "".join(f"0 {'0' * len(self.head)}\t{path}\0" for path in sorted(paths))
                git(self.top, "update-index", "-z", "--index-info", stdin=forgotten + unmerged)
        except BaseException:
            for name in new:
                with suppress(OSError):  # the next step is to be reached
                    (self.root / name).unlink(missing_ok=True)
            git(self.top, *BACK.split()[1:], "--quiet")
            raise

    def remove_file(self, name: str) -> None:
        path = self.root / name
        path.unlink(missing_ok=True)
        while (path := path.parent) != self.root and not any(path.iterdir()):
            path.rmdir()


def open_checkout(root: Path) -> Checkout:
    """The checkout at `root`; raises Refusal where an update has nothing to begin with."""
    answers = root / ANSWERS
    try:
        top, prefix = git(root, "rev-parse", "--show-toplevel", "--show-prefix").split("\n")[:2]
    except Refusal as refusal:
        raise Refusal(
            "This service is not under version control, so an update could not be taken back.",
            refusal.where,
            "Run `git init`, commit everything, then update.",
        ) from refusal
    command = ["git", "-C", top, "rev-parse", "--verify", "--quiet", "HEAD"]
    head = subprocess.run(command, env=git_environment(), capture_output=True, text=True, check=False).stdout.strip()
    if not head:
        raise Refusal("Nothing is committed here yet.", [("git", "HEAD names no commit")], "Commit everything, then update.")
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


def copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or source.is_symlink():
        target.unlink(missing_ok=True)
    shutil.copy(source, target, follow_symlinks=False)
