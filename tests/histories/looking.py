"""What must hold of a service after any update: each returns what does not, a line for each."""

import filecmp
import subprocess
from collections.abc import Mapping
from pathlib import Path

import yaml

from owners import Owners
from services import Service
from snapshot import Template, git

__all__ = ["find_differences", "find_forgotten", "find_leftovers", "find_stale_lock", "list_unmerged", "read_answers"]


def read_answers(service: Service) -> dict[str, object]:
    """The service's answers."""
    found: dict[str, object] = yaml.safe_load((service.path / ".copier-answers.yml").read_text(encoding="utf-8"))
    return {name: value for name, value in found.items() if not name.startswith("_")}


def find_forgotten(before: Mapping[str, object], service: Service) -> list[str]:
    """Answers that are still asked for and are others now."""
    after = read_answers(service)
    names = [name for name in before if name in after and before[name] != after[name]]
    return [f"{name}   was {before[name]}   is {after[name]}   <- answered anew" for name in names]


def list_unmerged(service: Service) -> set[str]:
    """Files in which git shows a conflict."""
    return {line.partition("\t")[2] for line in git(service.path, "ls-files", "--unmerged").splitlines()}


def find_leftovers(service: Service) -> list[str]:
    """What a merge leaves behind that nobody is told of."""
    files = git(service.path, "ls-files", "-z", "--cached", "--others").split("\0")[:-1]
    search = ["git", "-C", str(service.path), "grep", "--untracked", "-lE", "^(<<<<<<<|>>>>>>>) "]
    marked = subprocess.run(search, capture_output=True, text=True, check=False).stdout.splitlines()
    found = [f"{path}   <- rejected" for path in files if path.endswith(".rej")]
    return found + [f"{path}   <- has markers, and git knows of no conflict" for path in set(marked) - list_unmerged(service)]


def find_stale_lock(service: Service) -> list[str]:
    """Bring the lock along by the service's own command, then judge it by another one of its own, which is the new tool."""
    for word in ("relock", "lock"):
        done = service.lockstep(word)
        if done.returncode:
            return [f"{word}   {line}" for line in done.stdout.strip().splitlines()]
    return []


def find_differences(service: Service, template: Template, tag: str, owners: Owners, fresh: Path, *, merged: bool) -> list[str]:
    """Files outside the team's directories that are not as in a new service with the same answers.

    `merged` compares shared files too, in which no team has written; otherwise only Lockstep's, with files of the team's
    beside them.
    """
    done = template.copy(fresh, read_answers(service), tag=tag)
    assert done.returncode == 0, done.stderr
    new = {path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file()}
    listed = git(service.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")[:-1]
    here = {path for path in listed if (service.path / path).exists()}
    looked_at = {path for path in (here | new if merged else new) if owners.of(path) in ("lockstep", *["shared"] * merged)}
    same, _, _ = filecmp.cmpfiles(service.path, fresh, looked_at, shallow=False)
    return [f"{path}   <- is not as in a new service" for path in sorted(looked_at - set(same))]
