"""The template as a repository with tags, and Copier's command on it, as a user calls it."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from forked import run_copier
from services import COMMAND_SECONDS

__all__ = ["REPOSITORY", "UNUSED", "Template", "git", "rules_of", "said", "snapshot", "tracked"]

REPOSITORY = Path(__file__).parent.parent
# No service is made of these, and each copy and each update of a service checks all of the template out.
UNUSED = (".ci/", ".github/", "docs/", "findings/", "lockstep/", "tests/")


def git(folder: Path, *words: str) -> str:
    """Run git there and return what it prints; raises CalledProcessError."""
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True).stdout


@dataclass(frozen=True)
class Template:
    """`path` is a repository in which every version that a test needs is a tag."""

    path: Path

    def copy(
        self, folder: Path, answers: Mapping[str, object], *, tag: str = "", offline: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """`copier copy` from a tag, else the newest, with the interpreter that runs the tests unless the answers name one."""
        given = {"python": platform.python_version(), **answers}
        data = [f"--data={name}={said(value)}" for name, value in given.items()]
        version = [f"--vcs-ref={tag}"] if tag else []
        return copier("copy", "--defaults", *version, *data, str(self.path), str(folder), offline=offline)

    def update(self, service: Path, *words: str, offline: bool = False) -> subprocess.CompletedProcess[str]:
        """`copier update` of a service to the newest tag."""
        return copier("update", "--defaults", *words, str(service), offline=offline)

    def release(self, tag: str) -> None:
        """Commit what was changed there and tag it."""
        git(self.path, "add", "--all")
        git(self.path, "commit", "--quiet", "--message", tag)
        git(self.path, "tag", tag)


def snapshot(folder: Path, tag: str, left_out: tuple[str, ...] = ()) -> Template:
    """The working tree, with what is not committed yet, as a repository of one commit; `left_out` are beginnings of paths."""
    tracked(folder, left_out)
    git(folder, "init", "--quiet")
    template = Template(folder)
    template.release(tag)
    git(folder, "repack", "-a", "-d", "--quiet")  # a clone takes one file then, and not hundreds
    return template


def tracked(folder: Path, left_out: tuple[str, ...] = (), only: str = "") -> None:
    """Copy what git tracks or would track, or the part with this beginning; a file that was deleted is listed until that is
    committed.
    """
    for name in git(REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")[:-1]:
        if (REPOSITORY / name).is_file() and name.startswith(only) and not name.startswith(left_out):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)


def copier(*words: str, offline: bool) -> subprocess.CompletedProcess[str]:
    """Run Copier without `--trust`; `offline` takes the network away from it."""
    if not offline:
        return run_copier(words)
    command = ["unshare", "--net", sys.executable, "-m", "copier", *words]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=COMMAND_SECONDS)


def said(value: object) -> str:
    """An answer as `--data` takes it."""
    return value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True, width=1000).strip()


def rules_of(template: Template) -> Mapping[str, Any]:
    """copier.yml as data."""
    rules: Mapping[str, Any] = yaml.safe_load((template.path / "copier.yml").read_text(encoding="utf-8"))
    return rules
