"""The versions that services were made from, as tags of a temporary clone, and the working tree as the newest."""

import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from history import two_versions
from notes import FOLDER
from snapshot import REPOSITORY, UNUSED, Template, git, snapshot, tracked

__all__ = ["TODAY", "Past", "clone_past", "list_releases"]

TODAY = "v9999.0.0"
STATES = Path(__file__).with_name("states.toml")


@dataclass(frozen=True)
class Past:
    """`answers` by version: every set that this version was tested with, by name.

    `known`: by version, files that may be in conflict, and why. `released` are those versions that were releases.
    `missing` says what could not be had.
    """

    template: Template
    answers: Mapping[str, Mapping[str, Mapping[str, object]]]
    known: Mapping[str, Mapping[str, str]]
    released: tuple[str, ...]
    missing: tuple[str, ...]


def clone_past(folder: Path) -> Past:
    """A clone in which every earlier version is a tag and the working tree is TODAY.

    A shallow clone lacks earlier versions. Then there is one, made up; `missing` says so.
    """
    git(REPOSITORY, "clone", "--quiet", "--no-checkout", str(REPOSITORY), str(folder))
    releases = list_releases(folder)
    tags = list(releases)
    for tag in set(git(folder, "tag").split()) - set(tags):
        git(folder, "tag", "--delete", tag)
    missing = []
    states = tomllib.loads(STATES.read_text(encoding="utf-8"))["versions"]
    for tag, commit in ((tag, state["commit"]) for tag, state in states.items()):
        if subprocess.run(["git", "-C", str(folder), "cat-file", "-e", f"{commit}^{{commit}}"], check=False).returncode:
            missing.append(f"{tag}: {commit[:7]} is not in this clone, which may be shallow")
        else:
            git(folder, "tag", tag, commit)
            tags.append(tag)
    if not tags:
        shutil.rmtree(folder)
        made_up = two_versions(snapshot(folder.with_name(f"{folder.name}-made-up"), "v0.1.0"), folder)
        git(folder, "tag", TODAY)
        return Past(made_up, {"v0.1.0": answers(folder, "v0.1.0")}, {}, (), (*missing, "v0.1.0 is made up"))
    git(folder, "symbolic-ref", "HEAD", "refs/heads/today")
    git(folder, "read-tree", "--empty")  # what is not in the working tree is not in today's version
    known = {tag: state.get("conflicts", {}) for tag, state in states.items()}
    tracked(folder, UNUSED)
    tracked(folder, only=f"{FOLDER}/")  # what the rules find announced
    template = Template(folder)
    template.release(TODAY)
    return Past(template, {tag: answers(folder, tag) for tag in sorted(tags)}, known, tuple(releases), tuple(missing))


def list_releases(folder: Path) -> list[str]:
    """Tags of releases that today's commit comes from, the oldest first."""
    return git(folder, "tag", "--list", "v[0-9]*", "--merged", "HEAD", "--sort=version:refname").split()


def answers(folder: Path, tag: str) -> Mapping[str, Mapping[str, object]]:
    """The sets of answers that lie in this version's tests."""
    names = git(folder, "ls-tree", "--name-only", tag, "tests/answers/").splitlines()
    return {Path(name).stem: yaml.safe_load(git(folder, "show", f"{tag}:{name}")) or {} for name in names}
