"""What the text of a lock of another tool, or of a list of requirements, says of being locked."""

import re
import tomllib
from collections.abc import Iterator, Sequence

from lockstep_serve.errors import Refusal
from lockstep_tool.checks.finding import Finding, Severity
from lockstep_tool.repositories.repository import Repository
from lockstep_tool.repositories.requirements import Required, read_requirements

__all__ = ["OTHERS", "describe_other", "has_requirements", "judge_requirements"]

OTHERS = ("poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
REQUIREMENTS = ("requirements.txt", "requirements/*.txt", "requirements-*.txt")
MOVE = "Move to uv.lock: `uvx migrate-to-uv`, then `uv lock`."


def describe_other(repository: Repository, name: str) -> Finding:
    """What the text of another tool's lock says: how many packages, and how many hashes."""
    text = repository.text(name)
    if name != "Pipfile.lock":
        try:
            count = f"{len(tomllib.loads(text).get('package', tomllib.loads(text).get('packages', [])))} packages"
        except tomllib.TOMLDecodeError as error:
            rows = ((name, str(error)),)
            return Finding("lock", f"{name} cannot be read.", rows, "Mend it, or restore it from git.", Severity.UNKNOWN)
    else:
        count = "packages"
    hashes = len(re.findall(r"\bsha256[:\"' =]+[0-9a-f]{64}", text))
    said = f"{count}, {hashes} hashes; whether it answers pyproject.toml only its own tool can say"
    return Finding("lock", f"Not looked at: {name}.", ((name, said),), MOVE, Severity.UNKNOWN)


def has_requirements(repository: Repository) -> bool:
    return bool(repository.named(*REQUIREMENTS))


def judge_requirements(repository: Repository) -> Iterator[Finding]:
    """A list of requirements is a lock when each names one version and its hashes."""
    files = repository.named(*REQUIREMENTS)
    if not files:
        yield Finding("lock", "There is no lock.", (("uv.lock", "missing"),), "Run `uv lock`, and commit uv.lock.")
        return
    fix = "Put the requirements into pyproject.toml (`uv init --bare`, `uv add -r requirements.txt`), and commit uv.lock."
    found, unread = list[Required](), list[tuple[str, str]]()
    for name in files:
        try:
            found += read_requirements(repository, name)
        except Refusal as refusal:
            unread += refusal.where
    loose = [one for one in found if one.loose]
    bare = [one for one in found if not one.loose and not one.hashed]
    if loose:
        yield Finding("lock", f"{len(loose)} requirements name no version.", rows_of(loose), fix)
    if bare:
        yield Finding("lock", f"{len(bare)} requirements have no hash.", rows_of(bare), fix)
    if unread:
        yield Finding("lock", "What is required was not looked at.", tuple(unread), fix, Severity.UNKNOWN)
    elif not loose and not bare:
        what = "Whether the requirements are complete cannot be known from their text."
        yield Finding("lock", what, tuple((name, "pinned by hash") for name in files), fix, Severity.WARNING)


def rows_of(found: Sequence[Required]) -> tuple[tuple[str, str], ...]:
    return tuple((one.spot, one.text) for one in found[:3])
