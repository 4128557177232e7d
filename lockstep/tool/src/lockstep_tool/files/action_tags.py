"""Ask the repository of an action which commit its newest release is, and where it says what changed."""

import os
import re
import subprocess
from dataclasses import dataclass

from lockstep_tool.files.unanswered import Unanswered

__all__ = ["Release", "is_other_major", "newest_release", "tags_of", "where_changes_are"]

SECONDS = 60


@dataclass(frozen=True)
class Release:
    tag: str
    commit: str


def tags_of(repository: str) -> list[Release]:
    """Every tag of `owner/name` with its commit; raises Unanswered."""
    command = ["git", "ls-remote", "--tags", f"{server()}/{repository}"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise Unanswered(str(error), away=True) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no output"]
        raise Unanswered(lines[0], away=True)
    commits: dict[str, str] = {}
    for commit, name in (line.split("\t") for line in done.stdout.splitlines()):
        tag = name.removeprefix("refs/tags/")
        if tag.endswith("^{}"):  # the commit behind a tag that is an object of its own
            commits[tag.removesuffix("^{}")] = commit
        else:
            commits.setdefault(tag, commit)
    return [Release(tag, commit) for tag, commit in commits.items()]


def newest_release(releases: list[Release], reference: str, comment: str) -> Release:
    """The newest release that is numbered as the tag that is used, or that the comment names.

    A commit without a comment is taken for the release that it is; raises Unanswered when it is none.
    """
    named = [tag for tag in (comment, reference) if numbers(tag)]
    named += [release.tag for release in releases if release.commit == reference and numbers(release.tag)]
    if not named:
        raise Unanswered("no version to follow: write the tag as a comment", away=False)
    as_named = [one for one in releases if one.tag.startswith("v") == named[0].startswith("v")]
    same = [one for one in as_named if numbers(one.tag) >= numbers(named[0])[:1]]
    if not same:
        raise Unanswered(f"no tag of version {numbers(named[0])[0]} or later", away=False)
    return max(same, key=lambda one: (numbers(one.tag), one.tag))


def is_other_major(before: str, tag: str) -> bool:
    """Whether two tags are of different major versions; a commit is of none."""
    return bool(numbers(before)) and numbers(before)[:1] != numbers(tag)[:1]


def where_changes_are(repository: str) -> str:
    """The page on which an action says what changed."""
    return f"{server()}/{repository}/releases"


def server() -> str:
    """Where actions come from."""
    return os.environ.get("GITHUB_SERVER_URL") or "https://github.com"


def numbers(tag: str) -> tuple[int, ...]:
    """`v6.0.1` → (6, 0, 1); nothing for what is no version, or one that is not released yet."""
    return tuple(map(int, tag.removeprefix("v").split("."))) if re.fullmatch(r"v?\d+(\.\d+)*", tag) else ()
