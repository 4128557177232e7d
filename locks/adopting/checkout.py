"""A service's checkout, as git sees it."""

import subprocess
from pathlib import Path

from lockstep_serve.errors import Refusal

__all__ = ["git", "list_tracked", "read_lines", "refuse_changes"]


def git(path: Path, *words: str) -> str:
    """What git prints there; raises Refusal with its error."""
    done = subprocess.run(["git", "-C", str(path), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no commit"]
        fix = "Put the service under git and commit it first: only then can everything be taken back."
        raise Refusal("Git does not know this service.", [(f"git {words[0]}", last[0])], fix)
    return done.stdout


def list_tracked(path: Path) -> list[str]:
    """The files of the service; raises Refusal for a folder inside another repository."""
    if Path(git(path, "rev-parse", "--show-toplevel").strip()).resolve() != path.resolve():
        fix = "Adopt a repository of its own; a service in a larger one is not supported."
        raise Refusal("The service is a part of a larger repository.", [(str(path), "not its top")], fix)
    return git(path, "ls-files", "-z").split("\0")[:-1]


def refuse_changes(path: Path) -> None:
    """Nothing is written where it could not be taken back."""
    if changed := git(path, "status", "--porcelain").splitlines():
        raise Refusal(
            "There are changes that are not committed.",
            [(line[3:], "not committed") for line in changed[:5]],
            "Commit them or put them away (`git stash --include-untracked`), then try again.",
        )


def read_lines(path: Path) -> dict[str, set[bytes]]:
    """File → its lines, for every file that git knows there."""
    files = {name: path / name for name in git(path, "ls-files", "-z").split("\0")[:-1]}
    return {name: set(file.read_bytes().splitlines()) for name, file in files.items() if file.is_file()}
